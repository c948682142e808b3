#include "livy/statement_reader.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "livy/json_text.hpp"

namespace livyd::livy {
namespace {

constexpr std::size_t code_limit = 4096;
constexpr std::size_t word_limit = 256;
constexpr std::size_t error_name_limit = 4096;
constexpr std::size_t marker_room = 64;
constexpr std::size_t error_value_limit = part_preview_limit - marker_room;
constexpr std::size_t traceback_limit = part_preview_limit;
constexpr std::size_t all_previews_limit = 4 * part_preview_limit;
constexpr std::size_t most_parts = 256;
/// The parser recurses: at this depth it needs under 2 MiB of stack, also unoptimised and
/// sanitised. Livy's own JSON library reads 1,000.
constexpr std::size_t deepest = 1500;

std::string cut_marker(std::uint64_t bytes) {
  return concat("… (", bytes, " more bytes cut)");
}

/// Text of which only the beginning is kept, and that says so.
class capped_text {
 public:
  void start(std::size_t limit) {
    text_.clear();
    limit_ = limit;
    cut_ = 0;
  }
  void append(std::string_view piece) {
    const auto kept = cut_ > 0 ? std::string_view() : utf8_prefix(piece, limit_ - text_.size());
    text_.append(kept);
    cut_ += piece.size() - kept.size();
  }
  std::string take_beginning() { return std::exchange(text_, {}); }
  std::string take_marked() {
    if (cut_ > 0) text_.append(cut_marker(cut_));
    return take_beginning();
  }
  std::uint64_t cut() const { return cut_; }

 private:
  std::string text_;
  std::size_t limit_ = 0;
  std::uint64_t cut_ = 0;
};

/// Text of which only the end is kept.
class tail_of_text {
 public:
  void start() { text_.clear(); }
  void append(std::string_view piece) {
    text_.append(piece.substr(piece.size() - std::min(piece.size(), code_limit)));
    // Cut seldom, so that a text that comes in small pieces is not moved for each of them.
    if (text_.size() > 4 * code_limit) text_.erase(0, text_.size() - code_limit);
  }
  std::string take() {
    auto first = text_.size() - std::min(text_.size(), code_limit);
    while (first < text_.size() && (static_cast<unsigned char>(text_[first]) & 0xC0U) == 0x80) {
      ++first;
    }
    text_.erase(0, first);
    return std::exchange(text_, {});
  }

 private:
  std::string text_;
};

/// The lines of a traceback, up to a limit for all of them.
class traceback_lines {
 public:
  /// One element of the array: one or more lines; `cut` bytes of it were not even kept.
  void add(std::string_view element, std::uint64_t cut) {
    do {
      const auto end = std::min(element.find('\n'), element.size());
      if (!keep(element.substr(0, end))) break;
      element.remove_prefix(std::min(end + 1, element.size()));
    } while (!element.empty());
    cut_ += element.size() + cut;
  }
  std::size_t room() const { return cut_ > 0 ? 0 : room_; }
  std::vector<std::string> take() {
    if (cut_ > 0) lines_.push_back(cut_marker(cut_));
    return std::exchange(lines_, {});
  }

 private:
  /// Keeps the line, if there is room.
  bool keep(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    // A line costs its object too, or a million empty ones would be small.
    const auto cost = line.size() + sizeof(std::string);
    if (cut_ > 0 || cost > room_) return false;
    room_ -= cost;
    lines_.emplace_back(line);
    return true;
  }

  std::vector<std::string> lines_;
  std::size_t room_ = traceback_limit;
  std::uint64_t cut_ = 0;
};

double number_in(const std::string& text) {
  const auto value = nlohmann::json::parse(text, nullptr, false);
  return value.is_number() ? value.get<double>() : 0.0;
}

std::int64_t whole_number_in(const std::string& text, std::int64_t otherwise) {
  const auto value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number > std::uint64_t{INT64_MAX} ? otherwise : static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number()) return otherwise;
  const auto number = value.get<double>();
  constexpr double largest_exact = 9007199254740992.0;
  return std::abs(number) <= largest_exact ? static_cast<std::int64_t>(number) : otherwise;
}

/// What the next value in the JSON text is.
enum class place {
  document,
  id,
  code,
  state,
  progress,
  started,
  completed,
  output,
  status,
  error_name,
  error_value,
  traceback,
  traceback_line,
  bundle,
  part,
  skipped,
};

/// The container the parser stands in, of those that are understood rather than copied or skipped.
enum class container { none, statement, output, bundle, traceback };

place place_of(container in, std::string_view key) {
  using entry = std::pair<std::string_view, place>;
  static constexpr entry in_statement[] = {
      {"id", place::id},           {"code", place::code},
      {"state", place::state},     {"progress", place::progress},
      {"started", place::started}, {"completed", place::completed},
      {"output", place::output}};
  static constexpr entry in_output[] = {{"status", place::status},
                                        {"ename", place::error_name},
                                        {"evalue", place::error_value},
                                        {"traceback", place::traceback},
                                        {"data", place::bundle}};
  const auto look_up = [key](const auto& table) {
    const auto* found = std::find_if(std::begin(table), std::end(table),
                                     [key](const entry& known) { return known.first == key; });
    return found == std::end(table) ? place::skipped : found->second;
  };
  if (in == container::statement) return look_up(in_statement);
  if (in == container::output) return look_up(in_output);
  return in == container::bundle ? place::part : place::skipped;
}

std::size_t limit_of(place at, const traceback_lines& traceback) {
  switch (at) {
    case place::code:
      return code_limit;
    case place::error_name:
      return error_name_limit;
    case place::error_value:
      return error_value_limit;
    case place::traceback:
    case place::traceback_line:
      return traceback.room();
    default:
      return word_limit;
  }
}

[[noreturn]] void refuse(std::string sentence) {
  throw failure(failure_kind::not_livy, std::move(sentence));
}

/// Gets the parser's events, keeps what is small and hands on what is big.
class statement_handler {
 public:
  // What boost::json::basic_parser asks of a handler.
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  using error_code = boost::system::error_code;
  using text_view = boost::core::string_view;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open('{'); }
  bool on_object_end(std::size_t, error_code&) { return close('}'); }
  bool on_array_begin(error_code&) { return open('['); }
  bool on_array_end(std::size_t, error_code&) { return close(']'); }
  bool on_key_part(text_view s, std::size_t, error_code&) { return key(s, false); }
  bool on_key(text_view s, std::size_t, error_code&) { return key(s, true); }
  bool on_string_part(text_view s, std::size_t, error_code&) { return string(s, false); }
  bool on_string(text_view s, std::size_t, error_code&) { return string(s, true); }
  bool on_number_part(text_view s, error_code&) { return scalar(s, false); }
  bool on_int64(std::int64_t, text_view s, error_code&) { return scalar(s, true); }
  bool on_uint64(std::uint64_t, text_view s, error_code&) { return scalar(s, true); }
  bool on_double(double, text_view s, error_code&) { return scalar(s, true); }
  bool on_bool(bool value, error_code&) { return scalar(value ? "true" : "false", true); }
  bool on_null(error_code&) { return null(); }
  bool on_comment_part(text_view, error_code&) { return true; }
  bool on_comment(text_view, error_code&) { return true; }

  std::vector<output_piece> take_pieces() { return std::exchange(pieces_, {}); }
  const statement_view& view() const { return view_; }
  /// After the last event: what can only be known at the end.
  void finish();

 private:
  bool open(char bracket);
  void enter(char bracket);
  bool close(char bracket);
  void leave();
  bool key(std::string_view piece, bool last);
  bool string(std::string_view piece, bool last);
  bool scalar(std::string_view piece, bool last);
  bool null();

  void capture(std::string_view piece, bool last);
  void store();
  void begin_part(std::string mime, bool structured);
  void begin_part_here(bool structured);
  void emit(std::string_view text);
  void keep_in_preview(output_part& part, std::string_view text);

  void copy_separator();
  void copy_string(std::string_view piece, bool last);
  void copy_key(std::string_view piece, bool last);

  statement_view view_;
  std::vector<output_piece> pieces_;

  container in_ = container::none;
  place at_ = place::document;
  capped_text key_;
  std::string mime_;
  capped_text value_;
  tail_of_text code_tail_;
  bool within_ = false;        // a key, string or number of which a part was seen
  std::size_t skipped_ = 0;    // open containers that are skipped
  std::size_t copied_ = 0;     // open containers that are copied as JSON text
  bool comma_is_due_ = false;  // in the copied text
  bool completed_is_told_ = false;
  std::size_t preview_room_ = all_previews_limit;
  traceback_lines traceback_;
};

bool statement_handler::open(char bracket) {
  if (skipped_ > 0) {
    ++skipped_;
  } else if (copied_ > 0) {
    copy_separator();
    emit({&bracket, 1});
    comma_is_due_ = false;
    ++copied_;
  } else {
    enter(bracket);
  }
  return true;
}

void statement_handler::enter(char bracket) {
  const bool object = bracket == '{';
  if (at_ == place::document && object) {
    in_ = container::statement;
  } else if (at_ == place::document) {
    refuse("The server's answer is not a statement.");
  } else if (at_ == place::output && object) {
    in_ = container::output;
    view_.has_output = true;
  } else if (at_ == place::bundle && object) {
    in_ = container::bundle;
  } else if (at_ == place::traceback && !object) {
    in_ = container::traceback;
    at_ = place::traceback_line;
  } else if (at_ == place::part || at_ == place::bundle || at_ == place::output) {
    begin_part_here(true);
    emit({&bracket, 1});
    copied_ = 1;
    comma_is_due_ = false;
  } else {
    skipped_ = 1;
  }
}

bool statement_handler::close(char bracket) {
  if (skipped_ > 0) {
    --skipped_;
  } else if (copied_ > 0) {
    emit({&bracket, 1});
    comma_is_due_ = true;
    --copied_;
  } else {
    leave();
  }
  return true;
}

void statement_handler::leave() {
  switch (in_) {
    case container::traceback:
    case container::bundle:
      in_ = container::output;
      break;
    case container::output:
      in_ = container::statement;
      break;
    default:
      in_ = container::none;
      break;
  }
  at_ = place::skipped;
}

bool statement_handler::key(std::string_view piece, bool last) {
  if (skipped_ > 0) return true;
  if (copied_ > 0) {
    copy_key(piece, last);
    return true;
  }
  if (!within_) key_.start(word_limit);
  key_.append(piece);
  within_ = !last;
  if (last) {
    mime_ = key_.take_marked();
    at_ = place_of(in_, mime_);
  }
  return true;
}

bool statement_handler::string(std::string_view piece, bool last) {
  if (skipped_ > 0 || at_ == place::skipped) return true;
  if (copied_ > 0) {
    copy_string(piece, last);
    return true;
  }
  if (at_ == place::document) refuse("The server's answer is not a statement.");
  if (at_ != place::part && at_ != place::bundle && at_ != place::output) {
    capture(piece, last);
    return true;
  }
  if (!within_) begin_part_here(false);
  emit(piece);
  within_ = !last;
  return true;
}

bool statement_handler::scalar(std::string_view piece, bool last) {
  if (skipped_ > 0 || at_ == place::skipped) return true;
  if (at_ == place::document) refuse("The server's answer is not a statement.");
  if (copied_ == 0 && at_ != place::part && at_ != place::bundle && at_ != place::output) {
    capture(piece, last);
    return true;
  }
  if (!within_ && copied_ > 0) copy_separator();
  if (!within_ && copied_ == 0) begin_part_here(true);
  emit(piece);
  comma_is_due_ = true;
  within_ = !last;
  return true;
}

bool statement_handler::null() {
  // `%json None` is a result; a text that is null is none.
  const bool is_result = copied_ > 0 || (at_ == place::part && mime_.ends_with("json"));
  return is_result || at_ == place::document ? scalar("null", true) : true;
}

void statement_handler::capture(std::string_view piece, bool last) {
  if (!within_) value_.start(limit_of(at_, traceback_));
  value_.append(piece);
  if (at_ == place::code) {
    if (!within_) code_tail_.start();
    code_tail_.append(piece);
  }
  within_ = !last;
  if (last) store();
}

void statement_handler::store() {
  switch (at_) {
    case place::id:
      view_.id = whole_number_in(value_.take_marked(), -1);
      break;
    case place::code:
      view_.code_head = value_.take_beginning();
      view_.code_tail = code_tail_.take();
      break;
    case place::state:
      view_.state = value_.take_marked();
      break;
    case place::progress:
      view_.progress = number_in(value_.take_marked());
      break;
    case place::started:
      view_.started = whole_number_in(value_.take_marked(), 0);
      break;
    case place::completed:
      view_.completed = whole_number_in(value_.take_marked(), 0);
      completed_is_told_ = true;
      break;
    case place::status:
      view_.status = value_.take_marked();
      break;
    case place::error_name:
      view_.error_name = value_.take_marked();
      break;
    case place::error_value:
      view_.error_value = value_.take_marked();
      break;
    case place::traceback:
    case place::traceback_line: {
      const auto cut = value_.cut();
      traceback_.add(value_.take_beginning(), cut);
      break;
    }
    default:
      break;
  }
}

void statement_handler::begin_part_here(bool structured) {
  view_.has_output = true;
  if (at_ == place::part) return begin_part(mime_, structured);
  begin_part(structured ? "application/json" : "text/plain", structured);
}

void statement_handler::begin_part(std::string mime, bool structured) {
  if (view_.parts.size() == most_parts) {
    throw failure(failure_kind::too_large,
                  concat("The result has more than ", most_parts,
                         " representations, which livyd does not read. Show less of it at once."));
  }
  output_part part;
  part.mime = std::move(mime);
  part.structured = structured;
  view_.parts.push_back(std::move(part));
}

void statement_handler::emit(std::string_view text) {
  if (text.empty()) return;
  auto& part = view_.parts.back();
  keep_in_preview(part, text);
  part.bytes += text.size();
  const auto index = view_.parts.size() - 1;
  if (pieces_.empty() || pieces_.back().part != index) pieces_.push_back({index, {}});
  pieces_.back().text.append(text);
}

void statement_handler::keep_in_preview(output_part& part, std::string_view text) {
  if (!part.whole()) return;
  const auto room = std::min(part_preview_limit - part.preview.size(), preview_room_);
  const auto kept = utf8_prefix(text, room);
  part.preview.append(kept);
  preview_room_ -= kept.size();
}

void statement_handler::copy_separator() {
  if (comma_is_due_) emit(",");
}

void statement_handler::copy_string(std::string_view piece, bool last) {
  std::string text;
  if (!within_) {
    copy_separator();
    text = "\"";
  }
  append_json_characters(text, piece);
  if (last) text.push_back('"');
  emit(text);
  comma_is_due_ = true;
  within_ = !last;
}

void statement_handler::copy_key(std::string_view piece, bool last) {
  copy_string(piece, last);
  if (!last) return;
  emit(":");
  comma_is_due_ = false;
}

void statement_handler::finish() {
  view_.traceback = traceback_.take();
  if (view_.state.empty() || view_.id < 0) refuse("The server's answer is not a statement.");
  if (!completed_is_told_ && view_.terminal()) view_.completed = statement_view::completed_unknown;
  if (view_.has_output && view_.status.empty()) {
    view_.status = view_.error_name.empty() ? "ok" : "error";
  }
}

boost::json::parse_options reading_options() {
  boost::json::parse_options options;
  options.max_depth = deepest;
  options.numbers = boost::json::number_precision::none;
  // Python and Java let half a surrogate pair pass; it becomes U+FFFD.
  options.allow_invalid_utf16 = true;
  return options;
}

}  // namespace

class statement_reader::implementation {
 public:
  std::vector<output_piece> feed(std::string_view piece) {
    boost::system::error_code error;
    const auto read = parser_.write_some(true, piece.data(), piece.size(), error);
    if (error) explain(error);
    if (read < piece.size()) refuse("The server's answer goes on behind its end.");
    return parser_.handler().take_pieces();
  }

  void finish() {
    boost::system::error_code error;
    parser_.write_some(false, "", 0, error);
    if (error) explain(error);
    parser_.handler().finish();
  }

  const statement_view& view() const { return parser_.handler().view(); }

 private:
  [[noreturn]] static void explain(const boost::system::error_code& error) {
    if (error == boost::json::error::too_deep) {
      throw failure(failure_kind::too_large,
                    concat("The result is nested more than ", deepest,
                           " levels deep, which livyd does not read. Print it as text."));
    }
    if (error == boost::json::error::incomplete) refuse("The server's answer was cut short.");
    refuse("The server's answer is not JSON.");
  }

  boost::json::basic_parser<statement_handler> parser_{reading_options()};
};

statement_reader::statement_reader() : implementation_(std::make_unique<implementation>()) {}
statement_reader::~statement_reader() = default;

std::vector<output_piece> statement_reader::feed(std::string_view piece) {
  return implementation_->feed(piece);
}

void statement_reader::finish() {
  implementation_->finish();
}

const statement_view& statement_reader::view() const {
  return implementation_->view();
}

}  // namespace livyd::livy
