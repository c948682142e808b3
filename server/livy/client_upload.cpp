// The client's own way to bring a file to a session: one form with one file, sent as it is read.
#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "livy/client.hpp"
#include "livy/client_parts.hpp"

namespace livyd::livy {
namespace {

/// A quotation mark or a line end in the name would end it, or the header.
std::string form_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '"') {
      out += "%22";
    } else if (c == '\r' || c == '\n') {
      out += c == '\r' ? "%0D" : "%0A";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

/// A form whose file comes piece by piece; nothing of it is kept.
class file_form {
 public:
  file_form(std::string name, http::byte_source file, std::uint64_t bytes)
      : name_(std::move(name)), file_(std::move(file)), left_(bytes) {
    const auto boundary = concat("livyd-", random_hex(16));
    content_type_ = concat("multipart/form-data; boundary=", boundary);
    // Livy looks for the part "file" in both of its upload requests.
    before_ =
        concat("--", boundary, "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"",
               form_name(name_), "\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    after_ = concat("\r\n--", boundary, "--\r\n");
  }

  const std::string& content_type() const { return content_type_; }
  std::uint64_t bytes() const { return before_.size() + left_ + after_.size(); }

  task<std::size_t> read(asio::mutable_buffer into) {
    if (auto count = copy(before_, into)) co_return count;
    if (left_ > 0) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
      const auto count = co_await file_(asio::buffer(into, wanted));
      if (count == 0) {
        throw failure(failure_kind::io,
                      concat(name_, " became shorter while it was sent. Try again."));
      }
      left_ -= count;
      co_return count;
    }
    co_return copy(after_, into);
  }

 private:
  /// As much of the text as there is room for; it is taken away.
  static std::size_t copy(std::string& text, asio::mutable_buffer into) {
    const auto count = std::min(text.size(), into.size());
    std::memcpy(into.data(), text.data(), count);
    text.erase(0, count);
    return count;
  }

  std::string name_;
  http::byte_source file_;
  std::uint64_t left_;
  std::string content_type_;
  std::string before_;
  std::string after_;
};

failure upload_failure_from(const http::response& answer, const http::url& target) {
  if (session_is_not_ready(answer)) {
    return {failure_kind::rejected,
            "The session is still starting and takes no files yet. Wait until it is idle.",
            server_words(answer)};
  }
  auto reason = session_failure_from(answer, target, "take the file into the session");
  if (answer.status == 413) {
    return {failure_kind::too_large,
            "The file is larger than the server takes. Let it travel by HDFS (\"webhdfs\" in the "
            "profile).",
            reason.detail()};
  }
  if (reason.kind() == failure_kind::session_lost || !path_is_blocked(answer, reason)) {
    return reason;
  }
  return {failure_kind::unsupported, "The server takes no files into a session.", reason.detail()};
}

}  // namespace

task<void> client::upload(std::string session, bool python, std::string name,
                          http::byte_source from, std::int64_t bytes) {
  if (bytes > upload_limit) {
    throw failure(failure_kind::too_large,
                  concat(name, " has ", human_bytes(static_cast<std::uint64_t>(bytes)),
                         ", and Livy takes files of at most 100 MiB into a session. Let it travel "
                         "by HDFS (\"webhdfs\" in the profile)."));
  }
  const auto* page = python ? "/upload-pyfile" : "/upload-file";
  const auto slowest =
      std::chrono::seconds(static_cast<std::size_t>(bytes) / slowest_upload_per_second);
  auto outgoing = request(http::method::post, concat("sessions/", percent_encoded(session), page),
                          {}, {}, small_deadline + slowest);
  // Shared with a request that unwinds after us.
  const auto form = std::make_shared<file_form>(std::move(name), std::move(from),
                                                static_cast<std::uint64_t>(bytes));
  outgoing.content_type = form->content_type();
  outgoing.source_bytes = form->bytes();
  outgoing.source = [form](asio::mutable_buffer into) { return form->read(into); };
  outgoing.always_prove = true;
  const auto target = outgoing.target;
  const auto answer = co_await transport_.send(std::move(outgoing));
  if (!answer.ok()) throw upload_failure_from(answer, target);
  expect_livy(answer, target, "take the file into the session");
}

}  // namespace livyd::livy
