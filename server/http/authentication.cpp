#include "http/authentication.hpp"

#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

class nothing final : public authentication {
 public:
  task<void> prepare(request& /*outgoing*/) override { co_return; }
  task<bool> wants_retry(const request& /*sent*/, const response& /*answer*/) override {
    co_return false;
  }
};

class bearer final : public authentication {
 public:
  explicit bearer(std::string token) : token_(std::move(token)) {}

  task<void> prepare(request& outgoing) override {
    if (!outgoing.target.secure() && !outgoing.target.loopback()) {
      throw failure(failure_kind::invalid_input,
                    concat("The token is not sent to ", outgoing.target.authority(),
                           " over http://, where anybody on the way can read it. Use https://."));
    }
    outgoing.headers.set("Authorization", concat("Bearer ", token_));
    co_return;
  }

  task<bool> wants_retry(const request& /*sent*/, const response& /*answer*/) override {
    co_return false;
  }

 private:
  std::string token_;
};

}  // namespace

std::unique_ptr<authentication> no_authentication() {
  return std::make_unique<nothing>();
}

std::unique_ptr<authentication> bearer_authentication(std::string token) {
  return std::make_unique<bearer>(std::move(token));
}

}  // namespace livyd::http
