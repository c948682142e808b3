// Lines that arrive on a descriptor, also when its writer is gone but somebody else still holds it.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string>

#include "base/async.hpp"
#include "base/descriptors.hpp"

namespace livyd::local {

class line_source {
 public:
  static constexpr std::size_t line_limit = 256_MiB;  ///< what is longer is cut

  line_source(const asio::any_io_executor& executor, descriptor from);
  /// The next line without its end; nothing at the end of the stream. A last line without a line
  /// end counts, as for Java's readLine. One reader at a time.
  task<std::optional<std::string>> next();
  /// The writer is gone: what has arrived is delivered, then comes the end, whoever else holds the
  /// other side.
  void finish();

 private:
  std::optional<std::string> take_line();
  std::optional<std::string> take_rest();
  void read_what_is_there();
  void append(std::string_view piece);

  asio::posix::stream_descriptor stream_;
  std::string buffer_;
  std::size_t searched_ = 0;  // no line end before this
  bool finished_ = false;
  bool ended_ = false;
};

}  // namespace livyd::local
