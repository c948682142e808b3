#include "http/auth/simple.hpp"

#include <algorithm>
#include <utility>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace livyd::http {
namespace {

constexpr int unauthorized = 401;

/// "Basic and Negotiate".
std::string joined_with_and(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t at = 0; at < names.size(); ++at) {
    out += concat(at == 0 ? "" : at + 1 == names.size() ? " and " : ", ", names[at]);
  }
  return out;
}

/// A field's parts between commas, where a comma in quotes is none.
std::vector<std::string_view> parts_of(std::string_view field) {
  std::vector<std::string_view> out;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t at = 0; at < field.size(); ++at) {
    if (quoted && field[at] == '\\') {
      ++at;
    } else if (field[at] == '"') {
      quoted = !quoted;
    } else if (field[at] == ',' && !quoted) {
      out.push_back(trimmed(field.substr(start, at - start)));
      start = at + 1;
    }
  }
  out.push_back(trimmed(field.substr(start)));
  return out;
}

/// The mechanism that a part of a challenge begins with; "" for a parameter ("realm=…").
std::string_view mechanism_in(std::string_view part) {
  const auto name = part.substr(0, part.find_first_of(" \t"));
  const bool parameter = name.find('=') != std::string_view::npos ||
                         trimmed(part.substr(name.size())).starts_with('=');
  return parameter ? std::string_view() : name;
}

class nothing final : public authentication {
 public:
  task<void> prepare(request& /*outgoing*/) override { co_return; }

  task<verdict> judge(const request& /*sent*/, const response& /*answer*/) override {
    co_return verdict::final;  // the caller knows what it asked for, and says what a 401 means
  }
};

class fixed final : public secret {
 public:
  explicit fixed(std::string value) : value_(std::move(value)) {}
  std::string value() override { return value_; }
  void refused(const std::string& /*value*/) override {}

 private:
  std::string value_;
};

/// What Basic and Bearer share: a header made of a secret, on every request.
class with_secret : public authentication {
 public:
  with_secret(std::shared_ptr<secret> kept, std::string called, bool allow_insecure)
      : kept_(std::move(kept)), called_(std::move(called)), allow_insecure_(allow_insecure) {}

  task<void> prepare(request& outgoing) override {
    require_privacy(outgoing.target, called_, allow_insecure_);
    outgoing.headers.set("Authorization", field_for(kept_->value()));
    co_return;
  }

  task<verdict> judge(const request& sent, const response& answer) override {
    if (answer.status != unauthorized) co_return verdict::final;
    require_mechanism(scheme(), sent, answer);
    const auto sent_field = sent.headers.get("Authorization");
    const auto now = kept_->value();
    if (sent_field != field_for(now)) co_return verdict::again;  // another one was given meanwhile
    kept_->refused(now);
    throw failure(failure_kind::unauthorized,
                  concat(sent.target.host_and_port(), " refused ", refused_words(), "."));
  }

 protected:
  virtual std::string_view scheme() const = 0;
  virtual std::string field_for(const std::string& value) const = 0;
  virtual std::string refused_words() const = 0;

 private:
  std::shared_ptr<secret> kept_;
  std::string called_;
  bool allow_insecure_;
};

class basic final : public with_secret {
 public:
  basic(std::string user, std::shared_ptr<secret> password, bool allow_insecure)
      : with_secret(std::move(password), "The password", allow_insecure), user_(std::move(user)) {}

 private:
  std::string_view scheme() const override { return "Basic"; }

  std::string field_for(const std::string& value) const override {
    return concat("Basic ", base64_encoded(concat(user_, ":", value)));
  }

  std::string refused_words() const override {
    return concat("the user ", user_, " with this password. Set another one and try again");
  }

  std::string user_;
};

class bearer final : public with_secret {
 public:
  bearer(std::shared_ptr<secret> token, bool allow_insecure)
      : with_secret(std::move(token), "The token", allow_insecure) {}

 private:
  std::string_view scheme() const override { return "Bearer"; }

  std::string field_for(const std::string& value) const override {
    return concat("Bearer ", value);
  }

  std::string refused_words() const override {
    return "the token; it may have expired. Set another one and try again";
  }
};

}  // namespace

void require_privacy(const url& target, std::string_view what, bool allow_insecure) {
  if (allow_insecure || target.secure() || target.loopback()) return;
  throw failure(failure_kind::invalid_input,
                concat(what, " is not sent to ", target.authority(),
                       " over http://, where anybody on the way can read it. Use https://, or set "
                       "\"allowInsecure\": true in the profile."));
}

std::vector<std::string> offered_mechanisms(const response& answer, std::string_view field) {
  std::vector<std::string> out;
  for (const auto line : answer.headers.all(field)) {
    for (const auto part : parts_of(line)) {
      const std::string name(mechanism_in(part));
      if (!name.empty() && std::find(out.begin(), out.end(), name) == out.end()) {
        out.push_back(name);
      }
    }
  }
  return out;
}

std::string what_is_offered(const response& answer, std::string_view field) {
  const auto offered = offered_mechanisms(answer, field);
  return offered.empty() ? std::string("It does not say which credentials it takes.")
                         : concat("It takes ", joined_with_and(offered), ".");
}

bool is_among(const std::vector<std::string>& offered, std::string_view name) {
  return std::any_of(offered.begin(), offered.end(),
                     [&](const std::string& each) { return equal_ignoring_case(each, name); });
}

void require_mechanism(std::string_view mechanism, const request& sent, const response& answer) {
  const auto offered = offered_mechanisms(answer);
  if (offered.empty() || is_among(offered, mechanism)) return;
  throw failure(failure_kind::unauthorized,
                concat(sent.target.host_and_port(), " does not take ", mechanism, ". ",
                       what_is_offered(answer), " Set \"auth\" in the profile."));
}

std::shared_ptr<secret> fixed_secret(std::string value) {
  return std::make_shared<fixed>(std::move(value));
}

std::unique_ptr<authentication> no_authentication() {
  return std::make_unique<nothing>();
}

std::unique_ptr<authentication> basic_authentication(std::string user,
                                                     std::shared_ptr<secret> password,
                                                     bool allow_insecure) {
  return std::make_unique<basic>(std::move(user), std::move(password), allow_insecure);
}

std::unique_ptr<authentication> bearer_authentication(std::shared_ptr<secret> token,
                                                      bool allow_insecure) {
  return std::make_unique<bearer>(std::move(token), allow_insecure);
}

}  // namespace livyd::http
