// Reads a statement's JSON while it arrives: big outputs pass through, memory stays small.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "livy/api.hpp"

namespace livyd::livy {

/// A decoded piece of one output part, in order. Text is never split inside a UTF-8 character.
struct output_piece {
  std::size_t part = 0;  ///< index into statement_view::parts
  std::string text;
};

class statement_reader {
 public:
  statement_reader();
  ~statement_reader();
  statement_reader(const statement_reader&) = delete;
  statement_reader& operator=(const statement_reader&) = delete;

  /// Parses one piece of the body (any size). Returns what of the output it decoded: in all never
  /// more bytes than were fed. Throws failure{not_livy} on what is no statement's JSON and
  /// failure{too_large} on nesting beyond 1,500 levels or more than 256 parts; it cannot be used
  /// after that.
  std::vector<output_piece> feed(std::string_view piece);
  /// To be called at the end of the body. Throws failure{not_livy} when it was cut short.
  void finish();
  /// What has been read so far; complete after finish().
  const statement_view& view() const;

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace livyd::livy
