// The driver's log of one profile's sessions: pages of it, and one follower.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "livy/log_follower.hpp"
#include "service/active_session.hpp"
#include "service/connection.hpp"
#include "service/listener.hpp"

namespace livyd {

/// The protocol's word for a section of a log.
protocol::LogSection section_of(livy::log_section section);

/// What the driver's container has written, where the driver runs in the cluster.
struct driver_streams {
  std::vector<std::string> out;
  std::vector<std::string> error;
  std::string notice;  ///< a last line of livyd's own; "" = none
};

/// The end of both, and in a notice why they cannot be read; nothing without an address. Throws
/// only failure{cancelled}.
task<driver_streams> read_driver_streams(livy::log_pages pages, std::string driver_log_url);

class log_view {
 public:
  log_view(asio::any_io_executor executor, clock& time, listener& events, std::string profile,
           active_session& session, connection& server);

  /// A page of the lines that the server has now, without those that the side channel causes, each
  /// section under its name where more than one has lines. In cluster mode the driver's own log is
  /// part of it where it can be read; else the last line says why not and where it is. Of an active
  /// session that failed and that the server has forgotten: its last words. Throws
  /// failure{not_found} without a session, and what the server says.
  task<protocol::LogPage> read(protocol::LogReadParams params);

  /// Follows this session until it ends or unfollow(); returns when the follower is under way. The
  /// same session again changes nothing, another one takes its place. Throws as read() does.
  task<void> follow(std::optional<std::string> id_or_name);
  /// The server is not asked any more.
  void unfollow();
  /// A follower is still unwinding: the connection must not go yet.
  bool unwinding() const { return follower_.running(); }
  /// unfollow(), and who follows is told.
  task<void> close();

 private:
  struct whole_log {
    std::string session;
    std::vector<std::string> lines;
  };
  task<driver_streams> read_driver(livy::client& livy, std::string session);
  static whole_log log_of(const stored_words& kept);
  task<whole_log> read_all(std::optional<std::string> id_or_name);
  task<std::string> session_or_active(std::optional<std::string> id_or_name);

  asio::any_io_executor executor_;
  clock& time_;
  listener& events_;
  std::string profile_;
  active_session& session_;
  connection& connection_;
  background follower_;
  std::string followed_;                  // Livy's id
  std::shared_ptr<livy::client> server_;  // where; an id means something else on another server
};

/// The lines of one answer of /log as they are shown: without the side channel's, under
/// "[stdout]", "[stderr]", "[YARN]", "[driver stdout]" and "[driver stderr]" where more than one
/// section has lines, or the driver has. Pure.
std::vector<std::string> shown_log(const std::vector<std::string>& lines,
                                   driver_streams driver = {});

/// The last words of a session as they are shown: the reason first. Pure.
std::vector<std::string> lines_of(const stored_words& kept);

/// Which of `lines` a page shows; `from` absent: the last `size`. Less than 0 lines: all. Pure.
protocol::LogPage log_page_of(std::vector<std::string> lines, std::optional<std::int64_t> from,
                              std::int64_t size);

}  // namespace livyd
