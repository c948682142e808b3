// What must survive this process: one small JSON file per workspace, held by one process at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/files.hpp"

namespace livyd {

/// What is kept of a profile's session. An intent (a name without an id) is stored before the POST.
struct stored_session {
  std::string url;   ///< the server's root; "" for the embedded endpoint
  std::string id;    ///< "" = the POST's answer was never seen
  std::string name;  ///< "" = a session somebody else created without a name
  std::string application_id;
  std::string nonce;                 ///< of the agent in it; "" = none was installed
  bool created = false;              ///< by livyd, so that the agent may be installed unasked
  bool use_agent = false;            ///< the user said so for a session that somebody else created
  std::int64_t last_statement = -1;  ///< the highest id known when this was stored
  bool removed = false;              ///< the user removed it: nothing starts by itself
};

/// A session that is to be deleted on its server, which has not answered yet that it is gone.
struct stored_removal {
  std::string url;
  std::string id;    ///< "" = only its name is known
  std::string name;  ///< "" = the application tells which one is meant
  std::string application_id;
  bool failed = false;  ///< it failed or was lost; false: the user removed it
};

/// What is left to read of a session that failed, when the server has forgotten it.
struct stored_words {
  std::string id;
  std::string name;
  std::string reason;  ///< one sentence; "" = the text says it
  std::string text;    ///< the last lines of its log, YARN's words among them
};
bool is_empty(const stored_words& words);
bool is_of(const stored_words& words, const std::string& id_or_name);

/// Something that livyd has put onto the cluster.
struct stored_bundle {
  std::string name;
  std::string kind;                   ///< the field of Livy's payload
  std::string source;                 ///< absolute path on this machine
  std::string hash;                   ///< over names and contents
  std::string target;                 ///< path on HDFS, or the file's name in a session
  std::string carrier;                ///< "webhdfs", "livy", "session"
  std::int64_t bytes = 0;             ///< as it was sent
  std::int64_t time = 0;              ///< milliseconds since 1970
  std::vector<std::string> sessions;  ///< the last ones that were given it
};

/// What is kept of a profile.
struct stored_profile {
  std::optional<stored_session> session;
  std::vector<stored_removal> removals;
  stored_words last_words;              ///< of the session that ended last
  std::vector<stored_bundle> deployed;  ///< the newest first, at most deployed_limit
};

/// The last lines of `text` that fit into so many bytes.
std::string last_lines(std::string text, std::size_t bytes);

class store {
 public:
  /// A session's last words are cut to so much.
  static constexpr std::size_t words_limit = 64_KiB;
  /// So many bundles of a profile are remembered.
  static constexpr std::size_t deployed_limit = 200;

  /// Takes the lock and reads the file. Throws failure{io} that names the process which holds it,
  /// after `patience` (zero or less: waits for ever); calls `waiting` once with that pid first. A
  /// file that cannot be read as ours is kept aside under another name, and said in `complaint()`.
  static task<std::unique_ptr<store>> open(std::filesystem::path folder, duration patience,
                                           std::function<task<void>(int pid)> waiting);
  /// What is kept of a profile's session, without the lock: another process may be at work on it.
  /// Nothing where there is none or the file cannot be read.
  static std::optional<stored_session> peek(const std::filesystem::path& folder,
                                            const std::string& profile);
  /// The same of the last words of the profile's session; empty where there are none.
  static stored_words peek_last_words(const std::filesystem::path& folder,
                                      const std::string& profile);
  /// Keeps everything in memory.
  static std::unique_ptr<store> in_memory();

  const std::string& complaint() const { return complaint_; }
  std::optional<stored_session> session(const std::string& profile) const;
  /// Returns when it is on disk. Throws failure{io}.
  task<void> put_session(std::string profile, std::optional<stored_session> session);
  stored_profile kept(const std::string& profile) const;
  /// The same for all that is kept of a profile.
  task<void> put_profile(std::string profile, stored_profile kept);
  /// The profiles in which sessions are still to be removed.
  std::vector<std::string> profiles_with_removals() const;

 private:
  store() = default;
  void read();
  task<void> save();

  std::filesystem::path file_;
  std::optional<file_lock> lock_;
  std::unique_ptr<notification> saved_;  // one write at a time, in order
  bool saving_ = false;
  std::map<std::string, stored_profile> profiles_;
  std::string complaint_;
};

}  // namespace livyd
