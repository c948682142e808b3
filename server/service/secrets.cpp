#include "service/secrets.hpp"

#include <optional>

#include "base/text.hpp"

namespace livyd {
namespace {

/// A plain assignment to what is never read again would be optimised away.
void overwrite(std::string& text) {
  volatile char* at = text.data();
  for (std::size_t i = 0; i < text.size(); ++i) at[i] = '\0';
  text.clear();
}

}  // namespace

struct secrets::entry {
  key which;
  std::string prompt;
  std::string value;
  bool known = false;     // value is one that may be sent
  bool refused = false;   // the last one was not accepted
  bool declined = false;  // the user does not want to give one
  bool asked = false;     // the client was told, and has not answered
  int waiting = 0;
  secrets* owner = nullptr;               // null once it is gone
  std::unique_ptr<notification> changed;  // made by the first who waits

  ~entry() { overwrite(value); }

  void clear() {
    overwrite(value);
    known = false;
  }

  void wake() {
    if (changed) changed->notify_all();
  }

  void ask() {
    asked = true;
    if (owner == nullptr || !owner->needed_) return;
    owner->needed_(
        {.profile = which.first, .secret = which.second, .prompt = prompt, .refused = refused});
  }

  failure missing() const {
    const auto words = refused ? concat("The server refused what was given as \"", prompt,
                                        "\". Enter another one; the refused one is not sent again.")
                               : concat("\"", prompt, "\" is needed. Enter it and try again.");
    return {failure_kind::unauthorized, words};
  }
};

namespace {

/// What the layers below hold: reads the entry as it is when it is asked.
template <class Entry>
class kept_secret final : public http::secret {
 public:
  explicit kept_secret(std::shared_ptr<Entry> from) : entry_(std::move(from)) {}

  std::string value() override {
    if (!entry_->known) throw failure(entry_->missing());
    return entry_->value;
  }

  void refused(const std::string& value) override {
    if (!entry_->known || entry_->value != value) return;
    entry_->clear();
    entry_->refused = true;
    entry_->ask();
  }

 private:
  std::shared_ptr<Entry> entry_;
};

}  // namespace

secrets::secrets(std::function<void(protocol::SecretNeeded)> needed) : needed_(std::move(needed)) {}

secrets::~secrets() {
  for (const auto& [which, one] : entries_) {
    one->clear();
    one->owner = nullptr;
    one->wake();
  }
}

secrets::held secrets::hold(const key& which, const std::string& prompt) {
  auto& one = entries_[which];
  if (!one) {
    one = std::make_shared<entry>();
    one->which = which;
    one->owner = this;
  }
  if (!prompt.empty()) one->prompt = prompt;
  return one;
}

std::shared_ptr<http::secret> secrets::use(held one) {
  return std::make_shared<kept_secret<entry>>(std::move(one));
}

task<void> secrets::wait_for(held one) {
  if (one->known) co_return;
  if (one->declined || one->owner == nullptr) throw failure(one->missing());
  if (!one->changed) {
    auto executor = co_await asio::this_coro::executor;
    one->changed = std::make_unique<notification>(executor);
  }
  struct presence {
    explicit presence(entry& where) : where_(where) { ++where_.waiting; }
    ~presence() {
      if (--where_.waiting == 0) where_.asked = false;
    }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
    entry& where_;
  } const here(*one);
  if (!one->asked) one->ask();
  // The answer may have come before the question was asked to its end.
  while (!one->known) {
    if (one->declined || one->owner == nullptr) throw failure(one->missing());
    co_await one->changed->wait();
  }
}

bool secrets::is_current(const held& one) {
  return one->owner != nullptr;
}

void secrets::give(const key& which, std::optional<std::string> value) {
  const auto one = hold(which, {});
  one->asked = false;
  one->declined = !value;
  if (value) {
    one->clear();
    one->value = *value;
    overwrite(*value);
    one->known = true;
    one->refused = false;
  }
  one->wake();
}

void secrets::forget(const std::string& profile) {
  for (const auto& [which, one] : entries_) {
    if (which.first != profile) continue;
    one->clear();
    one->refused = false;
    one->declined = false;
  }
  for (const auto& each : let_go_) {
    if (const auto one = each.lock(); one && one->which.first == profile) one->clear();
  }
}

void secrets::let_go(const std::string& profile) {
  std::erase_if(let_go_, [](const auto& each) { return each.expired(); });
  std::erase_if(entries_, [&](const auto& each) {
    if (each.first.first != profile) return false;
    each.second->owner = nullptr;
    each.second->wake();
    let_go_.push_back(each.second);
    return true;
  });
}

void secrets::may_ask(const std::string& profile) {
  for (const auto& [which, one] : entries_) {
    if (which.first == profile) one->declined = false;
  }
}

void secrets::ask_again() {
  for (const auto& [which, one] : entries_) {
    if (one->waiting > 0) one->ask();
  }
}

}  // namespace livyd
