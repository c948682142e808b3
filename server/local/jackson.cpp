#include "local/jackson.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"

namespace livyd::local {
namespace {

constexpr std::string_view parse_exception = "com.fasterxml.jackson.core.JsonParseException";
constexpr std::string_view end_exception = "com.fasterxml.jackson.core.io.JsonEOFException";
constexpr int depth_limit = 1000;  // Jackson's StreamReadConstraints

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

/// Thrown inside the scanner only.
struct found {
  std::string_view exception;
  std::string message;
  std::size_t offset;
};

/// Walks over one JSON value and throws `found` at the first mistake.
class scanner {
 public:
  explicit scanner(std::string_view text) : text_(text) {}

  void whole() {
    skip_space();
    if (at_end()) {
      throw found{"com.fasterxml.jackson.databind.exc.MismatchedInputException",
                  "No content to map due to end-of-input", 0};
    }
    value(0);
    if (!at_end() && !is_space(peek())) missing_space();
    skip_space();
  }

  /// For text that is known to be a valid object.
  std::vector<member> members() {
    std::vector<member> result;
    skip_space();
    ++at_;
    for (skip_space(); peek() != '}'; skip_space()) {
      const auto begin = at_ + 1;
      string();
      member next{std::string(text_.substr(begin, at_ - 1 - begin)), 0, 0};
      skip_space();
      ++at_;
      skip_space();
      next.value_begin = at_;
      value(0);
      next.value_end = at_;
      result.push_back(std::move(next));
      skip_space();
      if (peek() == ',') ++at_;
    }
    return result;
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  void skip_space() {
    while (!at_end() && is_space(peek())) ++at_;
  }

  [[noreturn]] void unexpected(std::string_view expectation) const {
    const auto c = static_cast<unsigned char>(peek());
    const auto shown = c < 0x20 ? std::string("CTRL-CHAR, code ") + std::to_string(c)
                                : concat("'", peek(), "' (code ", static_cast<int>(c), ")");
    throw found{parse_exception,
                c < 0x20 ? concat("Unexpected character ((", shown, ")): ", expectation)
                         : concat("Unexpected character (", shown, "): ", expectation),
                at_ + 1};
  }
  [[noreturn]] void missing_space() const {
    unexpected("Expected space separating root-level values");
  }
  [[noreturn]] void ended(std::string message) const {
    throw found{end_exception, std::move(message), text_.size()};
  }

  void value(int depth) {
    if (depth > depth_limit) {
      throw found{"com.fasterxml.jackson.core.exc.StreamConstraintsException",
                  "Document nesting depth (1001) exceeds the maximum allowed (1000, from "
                  "`StreamReadConstraints.getMaxNestingDepth()`)",
                  at_};
    }
    const char c = peek();
    if (c == '{') return object(depth);
    if (c == '[') return array(depth);
    if (c == '"') return string();
    if (c == '-' || is_digit(c)) return number();
    if (is_word(c)) return word();
    unexpected(
        "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or "
        "'false')");
  }

  void object(int depth) {
    ++at_;
    bool first = true;
    while (true) {
      skip_space();
      if (at_end()) ended_inside("Object", first);
      if (peek() == '}') break;
      if (!first) {
        if (peek() != ',') unexpected("was expecting comma to separate Object entries");
        ++at_;
        skip_space();
        if (at_end()) ended("Unexpected end-of-input within/between Object entries");
      }
      if (peek() != '"') unexpected("was expecting double-quote to start field name");
      string();
      skip_space();
      if (at_end()) ended("Unexpected end-of-input within/between Object entries");
      if (peek() != ':') unexpected("was expecting a colon to separate field name and value");
      ++at_;
      skip_space();
      if (at_end()) ended("Unexpected end-of-input within/between Object entries");
      value(depth + 1);
      first = false;
    }
    ++at_;
  }

  void array(int depth) {
    ++at_;
    bool first = true;
    while (true) {
      skip_space();
      if (at_end()) ended_inside("Array", first);
      if (peek() == ']') break;
      if (!first) {
        if (peek() != ',') unexpected("was expecting comma to separate Array entries");
        ++at_;
        skip_space();
        if (at_end()) ended("Unexpected end-of-input within/between Array entries");
      }
      value(depth + 1);
      first = false;
    }
    ++at_;
  }

  [[noreturn]] void ended_inside(std::string_view what, bool) const {
    ended(concat("Unexpected end-of-input: expected close marker for ", what));
  }

  void string() {
    for (++at_; !at_end(); ++at_) {
      const char c = peek();
      if (c == '"') {
        ++at_;
        return;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        throw found{parse_exception,
                    concat("Illegal unquoted character ((CTRL-CHAR, code ", static_cast<int>(c),
                           ")): has to be escaped using backslash to be included in string value"),
                    at_ + 1};
      }
      if (c == '\\') escape();
    }
    ended("Unexpected end-of-input: was expecting closing quote for a string value");
  }

  void escape() {
    ++at_;
    if (at_end()) ended("Unexpected end-of-input in character escape sequence");
    const char c = peek();
    if (c != 'u') {
      if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
        throw found{
            parse_exception,
            concat("Unrecognized character escape '", c, "' (code ", static_cast<int>(c), ")"),
            at_ + 1};
      }
      return;
    }
    for (int i = 0; i < 4; ++i) {
      ++at_;
      if (at_end()) ended("Unexpected end-of-input in character escape sequence");
      if (std::string_view("0123456789abcdefABCDEF").find(peek()) == std::string_view::npos) {
        unexpected("expected a hex-digit for character escape sequence");
      }
    }
  }

  void number() {
    if (peek() == '-') {
      ++at_;
      if (at_end() || !is_digit(peek())) {
        if (at_end()) ended("Unexpected end-of-input in a Number value");
        unexpected("expected digit (0-9) to follow minus sign, for valid numeric value");
      }
    }
    const bool zero = peek() == '0';
    ++at_;
    if (zero && !at_end() && is_digit(peek())) {
      throw found{parse_exception, "Invalid numeric value: Leading zeroes not allowed", at_};
    }
    digits();
    if (!at_end() && peek() == '.') {
      ++at_;
      if (at_end() || !is_digit(peek())) {
        if (at_end()) ended("Unexpected end-of-input in a Number value");
        unexpected("Decimal point not followed by a digit");
      }
      digits();
    }
    if (!at_end() && (peek() == 'e' || peek() == 'E')) {
      ++at_;
      if (!at_end() && (peek() == '+' || peek() == '-')) ++at_;
      if (at_end()) ended("Unexpected end-of-input in a Number value");
      if (!is_digit(peek())) unexpected("Exponent indicator not followed by a digit");
      digits();
    }
  }

  void digits() {
    while (!at_end() && is_digit(peek())) ++at_;
  }

  void word() {
    const auto begin = at_;
    while (!at_end() && is_word(peek())) ++at_;
    const auto token = text_.substr(begin, at_ - begin);
    if (token == "null" || token == "true" || token == "false") return;
    if (token == "NaN" || token == "Infinity") {
      throw found{parse_exception,
                  concat("Non-standard token '", token,
                         "': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"),
                  at_};
    }
    throw found{parse_exception,
                concat("Unrecognized token '", token.substr(0, 256),
                       "': was expecting (JSON String, Number, Array, Object or token 'null', "
                       "'true' or 'false')"),
                at_};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

unsigned hex_of(std::string_view digits) {
  return static_cast<unsigned>(std::strtoul(std::string(digits).c_str(), nullptr, 16));
}

/// The code unit of a "\uXXXX" at `at`, or 0.
unsigned escaped_unit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return 0;
  return hex_of(text.substr(at + 2, 4));
}

}  // namespace

std::string string_source(std::string_view text) {
  constexpr std::size_t shown = 500;
  auto source = concat("(String)\"", utf8_prefix(text, shown), "\"");
  if (text.size() > shown) source += concat("[truncated ", text.size() - shown, " chars]");
  return source;
}

std::string location(std::string_view text, std::size_t offset, std::string_view source) {
  const auto before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto line_start = before.rfind('\n');
  const auto column = line_start == std::string_view::npos ? offset + 1 : offset - line_start;
  return concat(" at [Source: ", source, "; line: ", line, ", column: ", column, "]");
}

std::optional<jackson_complaint> complaint_about(std::string_view text, std::string_view source) {
  try {
    scanner(text).whole();
    return std::nullopt;
  } catch (const found& mistake) {
    // The reader counts columns of an empty body from 0.
    const auto place = text.empty() ? concat(" at [Source: ", source, "; line: 1, column: 0]")
                                    : location(text, mistake.offset, source);
    return jackson_complaint{std::string(mistake.exception), concat(mistake.message, "\n", place)};
  }
}

std::vector<member> members_of(std::string_view text) {
  return scanner(text).members();
}

std::string without_lone_surrogates(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      result += text[i];
      continue;
    }
    const auto unit = escaped_unit(text, i);
    if (unit < 0xD800 || unit > 0xDFFF) {  // another escape: both characters belong together
      result.append(text, i, 2);
      ++i;
      continue;
    }
    const auto next = escaped_unit(text, i + 6);
    if (unit < 0xDC00 && next >= 0xDC00 && next <= 0xDFFF) {
      result.append(text, i, 12);
      i += 11;
    } else {
      result += "\\ufffd";
      i += 5;
    }
  }
  return result;
}

}  // namespace livyd::local
