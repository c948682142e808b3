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
  task<void> notice(protocol::Notice words) override {
    return tell<protocol::notice>(std::move(words));
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

void bind(rpc::server& peer, service& all) {
  namespace message = protocol;
  peer.on<message::initialize>([&all](auto params) { return all.initialize(std::move(params)); });
  peer.on<message::configure>([&all](auto params) { return all.configure(std::move(params)); });
  peer.on<message::session_start>(
      [&all](auto params) { return all.session_start(std::move(params)); });
  peer.on<message::session_stop>(
      [&all](auto params) { return all.session_stop(std::move(params)); });
  peer.on<message::session_get>([&all](auto params) { return all.session_get(std::move(params)); });
  peer.on<message::session_attach>(
      [&all](auto params) { return all.session_attach(std::move(params)); });
  peer.on<message::session_kill>(
      [&all](auto params) { return all.session_kill(std::move(params)); });
  peer.on<message::session_list>(
      [&all](auto params) { return all.session_list(std::move(params)); });
  peer.on<message::run_start>([&all](auto params) { return all.run_start(std::move(params)); });
  peer.on<message::run_stop>([&all](auto params) { return all.run_stop(std::move(params)); });
  peer.on<message::run_attach>([&all](auto params) { return all.run_attach(std::move(params)); });
  peer.on<message::run_list>([&all](auto params) { return all.run_list(std::move(params)); });
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
