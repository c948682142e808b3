#include "cli/serve.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "protocol/protocol.hpp"
#include "rpc/server.hpp"
#include "service/service.hpp"

namespace livyd {
namespace {

/// For saying goodbye to the service, once no request is left.
constexpr duration close_limit = 2s;

/// Tells the editor.
class speaker final : public listener {
 public:
  explicit speaker(rpc::server& peer) : peer_(peer) {}

  task<void> session_changed(protocol::SessionInfo session) override {
    return tell<protocol::session_changed>(std::move(session));
  }
  task<void> run_changed(protocol::RunInfo run) override {
    return tell<protocol::run_changed>(std::move(run));
  }
  task<void> run_output(protocol::RunOutput piece) override {
    return tell<protocol::run_output>(std::move(piece));
  }
  task<void> run_finished(protocol::RunInfo run) override {
    return tell<protocol::run_finished>(std::move(run));
  }
  task<void> log_lines(protocol::LogLines lines) override {
    return tell<protocol::log_lines>(std::move(lines));
  }
  task<void> notice(protocol::Notice words) override {
    return tell<protocol::notice>(std::move(words));
  }
  task<void> secret_needed(protocol::SecretNeeded what) override {
    return tell<protocol::secret_needed>(std::move(what));
  }
  task<void> credentials_changed(protocol::Credentials credentials) override {
    return tell<protocol::credentials_changed>(std::move(credentials));
  }
  task<void> transfer_progress(protocol::TransferProgress progress) override {
    return tell<protocol::transfer_progress>(std::move(progress));
  }
  task<void> deploy_changed(protocol::ProfileParams where) override {
    return tell<protocol::deploy_changed>(std::move(where));
  }
  task<void> batch_changed(protocol::BatchInfo batch) override {
    return tell<protocol::batch_changed>(std::move(batch));
  }
  task<void> batch_lines(protocol::BatchLines lines) override {
    return tell<protocol::batch_lines>(std::move(lines));
  }

 private:
  template <class Message>
  task<void> tell(typename Message::params params) {
    try {
      co_await peer_.notify<Message>(std::move(params));
    } catch (const std::exception&) {
      // The message is on its way all the same.
      log::debug("serve", "a wait for the editor was cancelled");
    }
  }

  rpc::server& peer_;
};

template <class Message, class Params, class Result>
void bind(rpc::server& peer, service& all, task<Result> (service::*answer)(Params)) {
  peer.on<Message>([&all, answer](Params params) { return (all.*answer)(std::move(params)); });
}

void bind(rpc::server& peer, service& all) {
  namespace message = protocol;
  bind<message::initialize>(peer, all, &service::initialize);
  bind<message::configure>(peer, all, &service::configure);
  bind<message::secret_give>(peer, all, &service::secret_give);
  bind<message::secret_forget>(peer, all, &service::secret_forget);
  bind<message::profile_import>(peer, all, &service::profile_import);
  bind<message::session_start>(peer, all, &service::session_start);
  bind<message::session_stop>(peer, all, &service::session_stop);
  bind<message::session_get>(peer, all, &service::session_get);
  bind<message::session_attach>(peer, all, &service::session_attach);
  bind<message::session_restart>(peer, all, &service::session_restart);
  bind<message::session_kill>(peer, all, &service::session_kill);
  bind<message::session_kill_all>(peer, all, &service::session_kill_all);
  bind<message::session_details>(peer, all, &service::session_details);
  bind<message::session_keep>(peer, all, &service::session_keep);
  bind<message::session_use_agent>(peer, all, &service::session_use_agent);
  bind<message::session_list>(peer, all, &service::session_list);
  bind<message::hdfs_status>(peer, all, &service::hdfs_status);
  bind<message::hdfs_list>(peer, all, &service::hdfs_list);
  bind<message::hdfs_make_folder>(peer, all, &service::hdfs_make_folder);
  bind<message::hdfs_move>(peer, all, &service::hdfs_move);
  bind<message::hdfs_remove>(peer, all, &service::hdfs_remove);
  bind<message::hdfs_upload>(peer, all, &service::hdfs_upload);
  bind<message::hdfs_download>(peer, all, &service::hdfs_download);
  bind<message::deploy_plan>(peer, all, &service::deploy_plan);
  bind<message::deploy_run>(peer, all, &service::deploy_run);
  bind<message::deploy_list>(peer, all, &service::deploy_list);
  bind<message::deploy_remove>(peer, all, &service::deploy_remove);
  bind<message::module_reload>(peer, all, &service::module_reload);
  bind<message::standalone_build>(peer, all, &service::standalone_build);
  bind<message::statement_list>(peer, all, &service::statement_list);
  bind<message::statement_cancel>(peer, all, &service::statement_cancel);
  bind<message::log_read>(peer, all, &service::log_read);
  bind<message::log_follow>(peer, all, &service::log_follow);
  bind<message::log_unfollow>(peer, all, &service::log_unfollow);
  bind<message::batch_submit>(peer, all, &service::batch_submit);
  bind<message::batch_list>(peer, all, &service::batch_list);
  bind<message::batch_get>(peer, all, &service::batch_get);
  bind<message::batch_kill>(peer, all, &service::batch_kill);
  bind<message::batch_log>(peer, all, &service::batch_log);
  bind<message::batch_follow>(peer, all, &service::batch_follow);
  bind<message::batch_unfollow>(peer, all, &service::batch_unfollow);
  bind<message::run_start>(peer, all, &service::run_start);
  bind<message::run_stop>(peer, all, &service::run_stop);
  bind<message::run_attach>(peer, all, &service::run_attach);
  bind<message::run_list>(peer, all, &service::run_list);
  bind<message::run_release>(peer, all, &service::run_release);
  bind<message::run_discard>(peer, all, &service::run_discard);
  bind<message::run_look>(peer, all, &service::run_look);
  bind<message::run_code>(peer, all, &service::run_code);
  bind<message::history_search>(peer, all, &service::history_search);
  bind<message::history_clear>(peer, all, &service::history_clear);
  bind<message::doctor_run>(peer, all, &service::doctor_run);
  bind<message::state_show>(peer, all, &service::state_show);
  bind<message::watch>(peer, all, &service::watch);
}

/// Returns the exit code.
task<int> serve(rpc::server& peer, service& all) {
  int code = 0;
  try {
    co_await peer.serve();
  } catch (const failure& reason) {
    if (reason.kind() != failure_kind::cancelled) {
      log::error("serve", reason.message());
      code = 2;
    }
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await shielded([&all] { return all.close(); }, close_limit);
  co_return code;
}

}  // namespace

int serve_standard_streams(const std::string& version) {
  asio::io_context loop;
  rpc::server peer(rpc::standard_streams(loop.get_executor()));
  speaker editor(peer);
  system_clock time;
  service all(loop.get_executor(), time, editor,
              {.executable = std::filesystem::read_symlink("/proc/self/exe"),
               .state_home = state_home(),
               .version = version});
  bind(peer, all);
  peer.on_end([&all] { all.leave(); });

  asio::cancellation_signal stop;
  asio::signal_set signals(loop, SIGTERM, SIGINT, SIGHUP);
  signals.async_wait([&stop](const boost::system::error_code& error, int) {
    if (!error) stop.emit(asio::cancellation_type::terminal);
  });
  int code = 0;
  asio::co_spawn(loop, serve(peer, all),
                 asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, int ended) {
                   code = ended;
                   loop.stop();
                 }));
  log::info("serve", concat("livyd ", version, " serves"));
  loop.run();
  return code;
}

}  // namespace livyd
