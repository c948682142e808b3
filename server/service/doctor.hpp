// The doctor: tries each link of the way to a profile's server, in order, and says what it found.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "hdfs/webhdfs.hpp"
#include "http/client.hpp"
#include "http/probe.hpp"
#include "livy/client.hpp"
#include "protocol/protocol.hpp"
#include "service/diagnosis.hpp"
#include "service/room.hpp"

namespace livyd {

struct doctor_settings {
  std::string version;  ///< of livyd
  std::string origin;   ///< where the profile was written: "profiles.json"; "" where not known
};

/// One diagnosis. It stops at the first broken link; the rest is listed as not tried. Nothing on
/// the servers is changed but for one probe file in HDFS, which is deleted again.
class doctor {
 public:
  doctor(std::shared_ptr<room> patient, clock& time, doctor_settings settings);
  ~doctor();
  doctor(const doctor&) = delete;
  doctor& operator=(const doctor&) = delete;

  /// Waits without a deadline for a secret that nobody has given yet, each once; every step of its
  /// own ends after 30 s. What is broken is a check, not a failure. Cancellable: throws
  /// failure{cancelled}.
  task<protocol::DoctorResult> diagnose();

 private:
  /// A link, and how it is tried. The check of a try that throws is the failure's.
  struct trial {
    std::string_view name;
    task<protocol::Check> (doctor::*look)();
  };

  std::vector<trial> trials() const;
  task<protocol::Check> tried(trial one);
  task<protocol::Check> look_at_profile();
  task<protocol::Check> look_at_endpoint();
  task<protocol::Check> look_at_name();
  task<protocol::Check> look_at_proxy();
  task<protocol::Check> look_at_tcp();
  task<protocol::Check> look_at_tls();
  task<protocol::Check> look_at_authentication();
  task<protocol::Check> look_at_livy();
  task<protocol::Check> look_at_webhdfs();

  task<void> ask_without_credentials(authentication_findings& found);
  task<void> ask_with_credentials(authentication_findings& found);
  task<std::string> objection_to_certificate();
  task<livy_findings> livy_found();
  task<std::optional<failure>> side_channel_problem();
  task<webhdfs_findings> webhdfs_found(std::shared_ptr<hdfs::client> hdfs);
  http::url server() const;

  std::shared_ptr<room> patient_;  // it may be replaced while we are at it
  clock& time_;
  doctor_settings settings_;
  const profile& where_;
  http::proxy_facts way_;
  /// Why the server answers no HTTP request at all: Livy's trouble, found when nothing was proved.
  std::optional<failure> unanswered_;
  std::unique_ptr<http::client> transport_;  // learns while we go: cookies, connections
  std::shared_ptr<livy::client> livy_;       // on it, or shared with the room's requests
};

/// The report of a profile that cannot be used: its first link is the reason.
protocol::DoctorResult unusable(const std::string& profile, const failure& reason,
                                const std::string& version, std::int64_t wall_milliseconds);

}  // namespace livyd
