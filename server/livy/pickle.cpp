// The two pickles of the side channel: a constant frame around an expression, and a text or bytes.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "livy/side_channel.hpp"

namespace livyd::livy {
namespace {

[[noreturn]] void refuse() {
  throw failure(failure_kind::not_livy,
                "The session's Python answered with something that is neither text nor bytes.");
}

/// What may stand on the stack of the pickles that hold a text or bytes.
struct value {
  enum class kind { text, bytes, function, list };
  kind what = kind::text;
  std::string words;  ///< a function's as "module.name"
  std::vector<value> items{};
};

/// Protocol 2 writes bytes as `_codecs.encode(text, "latin1")`.
std::string as_latin1(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const unsigned lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      bytes.push_back(text[at]);
      continue;
    }
    if ((lead != 0xC2 && lead != 0xC3) || at + 1 == text.size()) refuse();
    const unsigned low = static_cast<unsigned char>(text[++at]);
    if ((low & 0xC0U) != 0x80) refuse();
    bytes.push_back(static_cast<char>(((lead << 6U) | (low & 0x3FU)) & 0xFFU));
  }
  return bytes;
}

value called(const value& function, const std::vector<value>& arguments) {
  const bool is_bytes = function.words == "__builtin__.bytes" || function.words == "builtins.bytes";
  if (is_bytes && arguments.empty()) return {value::kind::bytes, {}};
  const bool encodes = function.words == "_codecs.encode" && arguments.size() == 2 &&
                       arguments[0].what == value::kind::text && arguments[1].words == "latin1";
  if (!encodes) refuse();
  return {value::kind::bytes, as_latin1(arguments[0].words)};
}

class pickle_reader {
 public:
  explicit pickle_reader(std::string_view pickle) : rest_(pickle) {}

  std::string read() {
    while (step()) {
    }
    const auto result = pop();
    if (result.what != value::kind::text && result.what != value::kind::bytes) refuse();
    return result.words;
  }

 private:
  /// One opcode; false at the end of the pickle.
  bool step() {
    const char opcode = take(1)[0];
    switch (opcode) {
      case '.':
        return false;
      case '\x80':  // PROTO
      case 'q':     // BINPUT
        take(1);
        break;
      case 'r':  // LONG_BINPUT
        take(4);
        break;
      case '\x95':  // FRAME
        take(8);
        break;
      case 'p':  // PUT
        take_line();
        break;
      case '\x94':  // MEMOIZE
        break;
      default:
        push_value(opcode);
    }
    return true;
  }

  void push_value(char opcode) {
    using enum value::kind;
    switch (opcode) {
      case '\x8c':  // SHORT_BINUNICODE
        return push(text, 1);
      case 'X':  // BINUNICODE
        return push(text, 4);
      case '\x8d':  // BINUNICODE8
        return push(text, 8);
      case 'C':  // SHORT_BINBYTES
      case 'U':  // SHORT_BINSTRING, of Python 2
        return push(bytes, 1);
      case 'B':  // BINBYTES
      case 'T':  // BINSTRING, of Python 2
        return push(bytes, 4);
      case '\x8e':  // BINBYTES8
      case '\x96':  // BYTEARRAY8
        return push(bytes, 8);
      case 'c': {  // GLOBAL
        const auto module = take_line();
        stack_.push_back({function, concat(module, ".", take_line())});
        return;
      }
      default:
        return combine(opcode);
    }
  }

  void combine(char opcode) {
    switch (opcode) {
      case ')':  // EMPTY_TUPLE
        return push_list(0);
      case '\x85':  // TUPLE1
        return push_list(1);
      case '\x86':  // TUPLE2
        return push_list(2);
      case 'R': {  // REDUCE
        const auto arguments = pop();
        const auto function = pop();
        stack_.push_back(called(function, arguments.items));
        return;
      }
      default:
        refuse();
    }
  }

  void push(value::kind what, std::size_t length_bytes) {
    stack_.push_back({what, std::string(take(take_length(length_bytes)))});
  }

  void push_list(std::size_t count) {
    value list{value::kind::list, {}};
    for (; count > 0; --count) list.items.push_back(pop());
    std::reverse(list.items.begin(), list.items.end());
    stack_.push_back(std::move(list));
  }

  value pop() {
    if (stack_.empty()) refuse();
    auto top = std::move(stack_.back());
    stack_.pop_back();
    return top;
  }

  /// A little-endian number.
  std::size_t take_length(std::size_t count) {
    std::uint64_t length = 0;
    const auto digits = take(count);
    for (auto at = count; at-- > 0;) {
      length = (length << 8U) | static_cast<unsigned char>(digits[at]);
    }
    if (length > rest_.size()) refuse();
    return static_cast<std::size_t>(length);
  }

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) refuse();
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view take_line() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) refuse();
    const auto line = take(end);
    take(1);
    return line;
  }

  std::string_view rest_;
  std::vector<value> stack_;
};

}  // namespace

std::string pickled_function(std::string_view expression) {
  const auto text = concat("lambda ctx: ", expression);
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw failure(failure_kind::too_large, "What is asked of the session's Python is too long.");
  }
  std::string length;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    length.push_back(static_cast<char>(static_cast<unsigned char>(text.size() >> shift)));
  }
  return concat(
      "\x80\x02"
      "cbuiltins\neval\nX",
      length, text, "\x85R.");
}

std::string unpickled_text(std::string_view pickle) {
  return pickle_reader(pickle).read();
}

}  // namespace livyd::livy
