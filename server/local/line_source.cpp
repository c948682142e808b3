#include "local/line_source.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace livyd::local {
namespace {

constexpr std::size_t piece_size = 64_KiB;

}  // namespace

line_source::line_source(const asio::any_io_executor& executor, descriptor from)
    : stream_(executor, from.release()) {
  stream_.non_blocking(true);
}

task<std::optional<std::string>> line_source::next() {
  std::string piece(piece_size, '\0');
  while (true) {
    if (auto line = take_line()) co_return line;
    if (finished_ && !ended_) {
      read_what_is_there();
      continue;
    }
    if (ended_) co_return take_rest();
    auto [error, count] =
        co_await stream_.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
    append(std::string_view(piece).substr(0, count));
    if (error == asio::error::operation_aborted) {
      if (!finished_) throw_cancelled();
    } else if (error) {
      ended_ = true;
    }
  }
}

void line_source::finish() {
  finished_ = true;
  boost::system::error_code ignored;
  stream_.cancel(ignored);
}

void line_source::read_what_is_there() {
  std::string piece(piece_size, '\0');
  boost::system::error_code error;
  while (!error) {
    const auto count = stream_.read_some(asio::buffer(piece), error);
    append(std::string_view(piece).substr(0, count));
  }
  ended_ = true;
}

void line_source::append(std::string_view piece) {
  // Of a line over the limit only its end is still looked for.
  const bool full =
      buffer_.size() >= line_limit && buffer_.find('\n', searched_) == std::string::npos;
  if (full) {
    const auto end = piece.find('\n');
    piece.remove_prefix(end == std::string_view::npos ? piece.size() : end);
  }
  buffer_.append(piece);
}

std::optional<std::string> line_source::take_line() {
  const auto end = buffer_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = buffer_.size();
    return std::nullopt;
  }
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  searched_ = 0;
  return line;
}

std::optional<std::string> line_source::take_rest() {
  if (buffer_.empty()) return std::nullopt;
  searched_ = 0;
  return std::exchange(buffer_, {});
}

}  // namespace livyd::local
