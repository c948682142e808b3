// A Livy of a few lines in this process: keeps sessions and statements, and misbehaves on demand.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "http/server.hpp"
#include "livy/jobs.hpp"

namespace livyd {

class fake_livy {
 public:
  using json = nlohmann::json;

  struct statement {
    std::string code;
    std::string kind;
    std::string state = "available";
    json output = {{"status", "ok"}, {"execution_count", 0}, {"data", {{"text/plain", "out"}}}};
  };
  struct session {
    std::string name;
    std::string state = "idle";
    json owner = nullptr;
    json proxy_user = nullptr;
    std::vector<std::string> log = {};
    std::vector<statement> statements = {};
  };

  explicit fake_livy(asio::any_io_executor executor)
      : server_(executor, {},
                [this](http::server_request asked) { return answer(std::move(asked)); }) {
    serving_.start(executor, "fake livy", [this] { return server_.serve(); });
  }

  std::string url() const { return concat("http://127.0.0.1:", server_.port()); }
  void stop() { server_.stop(); }

  std::map<int, session> sessions;
  int next_id = 0;
  int created = 0;
  int posted = 0;
  int deleted = 0;
  std::string new_session_state = "idle";
  /// Called for each request before it is served; a status other than 0 is answered instead.
  std::function<int(const std::string& verb, const std::string& path)> before;
  /// The same, but it may wait.
  std::function<task<void>(std::string verb, std::string path)> hold;
  /// The same, after it was served: the answer is replaced, the work is done.
  std::function<int(const std::string& verb, const std::string& path)> after;
  /// Answers what is asked of the agent, in JSON; without it there is none.
  std::function<std::string(const json& asked)> agent;
  /// Shapes a new statement.
  std::function<void(statement&)> on_statement;

 private:
  static http::server_response reply(int status, const json& body) {
    http::server_response out;
    out.status = status;
    out.body = body.dump();
    return out;
  }

  static http::server_response page(int status) {
    http::server_response out;
    out.status = status;
    out.content_type = "text/html";
    out.body = "<html><title>Bad Gateway</title></html>";
    return out;
  }

  task<http::server_response> answer(http::server_request asked) {
    if (before) {
      if (const int status = before(asked.verb, asked.path); status != 0) co_return page(status);
    }
    if (hold) co_await hold(asked.verb, asked.path);
    auto out = serve(asked);
    if (after) {
      if (const int status = after(asked.verb, asked.path); status != 0) co_return page(status);
    }
    co_return out;
  }

  json view(int id) const {
    const auto& one = sessions.at(id);
    return {{"id", id},
            {"name", one.name},
            {"appId", nullptr},
            {"owner", one.owner},
            {"proxyUser", one.proxy_user},
            {"state", one.state},
            {"kind", "pyspark"},
            {"log", one.log}};
  }

  static json view(int id, const statement& one) {
    const bool done = one.state == "available" || one.state == "cancelled";
    return {{"id", id},
            {"code", one.code},
            {"state", one.state},
            {"output", done ? one.output : json()},
            {"progress", done ? 1.0 : 0.5},
            {"started", 1},
            {"completed", done ? 2 : 0}};
  }

  int find(const std::string& key) const {
    for (const auto& [id, one] : sessions) {
      if (std::to_string(id) == key || one.name == key) return id;
    }
    return -1;
  }

  http::server_response create(const http::server_request& asked) {
    const auto body = json::parse(asked.body);
    ++created;
    auto& made = sessions[next_id];
    made.name = body.value("name", "");
    made.state = new_session_state;
    return reply(201, view(next_id++));
  }

  http::server_response post_statement(session& where, const http::server_request& asked) {
    if (where.state != "idle" && where.state != "busy") {
      return reply(500,
                   concat("java.lang.IllegalStateException: Session is in state ", where.state));
    }
    const auto body = json::parse(asked.body);
    ++posted;
    statement made;
    made.code = body.at("code");
    made.kind = body.value("kind", "");
    if (agent && made.code.starts_with("# livyd installs")) made.output = greeting(made.code);
    if (on_statement) on_statement(made);
    where.statements.push_back(made);
    return reply(201, view(static_cast<int>(where.statements.size()) - 1, made));
  }

  /// What the agent says that was installed by this code.
  static json greeting(const std::string& code) {
    constexpr std::string_view before = "names[\"install\"](\"";
    const auto at = code.find(before) + before.size();
    const json said = {{"api", 1},
                       {"nonce", code.substr(at, code.find('"', at) - at)},
                       {"python", "3.11.4"},
                       {"run", ""}};
    return {{"status", "ok"}, {"execution_count", 0}, {"data", {{"text/plain", said.dump()}}}};
  }

  /// Every job ends at once.
  http::server_response take_job(const std::string& body) {
    const auto asked = test::question_in(test::expression_in(body));
    jobs_.push_back(test::finished_job(agent(asked)));
    return reply(201, {{"id", jobs_.size() - 1}, {"state", "SENT"}});
  }

  http::server_response serve(const http::server_request& asked) {
    const auto parts = split(asked.path, '/');
    if (asked.path == "/version") return reply(200, {{"version", "0.9.0-incubating"}});
    if (parts.size() < 2 || parts[1] != "sessions") return page(404);
    if (parts.size() == 2) {
      if (asked.verb == "POST") return create(asked);
      json rows = json::array();
      for (const auto& [id, one] : sessions) rows.push_back(view(id));
      return reply(200, {{"from", 0}, {"total", rows.size()}, {"sessions", rows}});
    }
    const std::string key(parts[2]);
    const int id = find(key);
    if (id < 0) return reply(404, {{"msg", concat("Session '", key, "' not found.")}});
    auto& where = sessions[id];
    if (parts.size() == 3 && asked.verb == "DELETE") {
      ++deleted;
      sessions.erase(id);
      return reply(200, {{"msg", "deleted"}});
    }
    if (parts.size() == 3) return reply(200, view(id));
    if (parts[3] == "log") {
      return reply(200, {{"id", id}, {"from", 0}, {"total", where.log.size()}, {"log", where.log}});
    }
    if (parts[3] == "connect") return reply(200, view(id));
    if (parts[3] == "state") return reply(200, {{"id", id}, {"state", where.state}});
    if (agent && parts[3] == "submit-job") return take_job(asked.body);
    if (agent && parts[3] == "jobs") {
      http::server_response out;
      out.body = jobs_.at(static_cast<std::size_t>(std::stoul(std::string(parts[4]))));
      return out;
    }
    if (parts[3] != "statements") return page(404);
    if (parts.size() == 4) return post_statement(where, asked);
    const auto number = static_cast<std::size_t>(std::stoul(std::string(parts[4])));
    if (number >= where.statements.size()) return reply(404, "Statement not found");
    auto& found = where.statements[number];
    if (parts.size() == 6) {
      if (found.state == "running") {
        found.state = "cancelled";
        found.output = nullptr;
      }
      return reply(200, {{"msg", "canceled"}});
    }
    return reply(200, view(static_cast<int>(number), found));
  }

  std::vector<std::string> jobs_;  // as they are told when they have ended
  http::server server_;
  background serving_;
};

}  // namespace livyd
