// What a profile stands for once "extends" is followed and its variables are replaced.
#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "base/text.hpp"
#include "service/profile.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;

constexpr std::string_view environment_prefix = "env:";
constexpr std::array<std::string_view, 5> variables{"workspaceFolder", "userHome", "user",
                                                    "profile", "env:NAME"};

/// The fields that hold a path of this machine.
constexpr std::array<std::array<std::string_view, 2>, 6> paths{{{"tls", "caFile"},
                                                                {"tls", "caFolder"},
                                                                {"tls", "certificate"},
                                                                {"tls", "key"},
                                                                {"auth", "keytab"},
                                                                {"python", ""}}};

[[noreturn]] void complain(const std::string& name, const std::string& words) {
  throw failure(failure_kind::invalid_input, concat("In profile \"", name, "\": ", words));
}

/// Objects are merged field by field, everything else is replaced; a null takes a field away.
void merge(json& into, const json& over) {
  for (const auto& [key, value] : over.items()) {
    if (value.is_null()) {
      into.erase(key);
    } else if (value.is_object() && into.contains(key) && into[key].is_object()) {
      merge(into[key], value);
    } else {
      into[key] = value;
    }
  }
}

std::string unknown_base(const std::string& base, const std::map<std::string, json>& written) {
  std::vector<std::string_view> names;
  for (const auto& entry : written) names.emplace_back(entry.first);
  const auto nearest = nearest_name(base, names);
  return concat("it extends \"", base, "\", which is not there.",
                nearest.empty() ? "" : concat(" Did you mean ", nearest, "?"));
}

/// The profile and what it extends, the farthest ancestor last.
std::vector<const json*> lineage(const std::string& name,
                                 const std::map<std::string, json>& written) {
  std::vector<const json*> line;
  std::vector<std::string> names;
  for (std::string next = name; !next.empty();) {
    const auto found = written.find(next);
    if (found == written.end()) complain(name, unknown_base(next, written));
    if (std::find(names.begin(), names.end(), next) != names.end()) {
      complain(name,
               concat("\"extends\" goes in a circle: ", names.back(), " extends ", next, "."));
    }
    if (!found->second.is_object()) {
      complain(name, next == name ? std::string("it must be an object.")
                                  : concat("it extends \"", next, "\", which is not an object."));
    }
    line.push_back(&found->second);
    names.push_back(next);
    const auto base = found->second.find("extends");
    if (base == found->second.end() || base->is_null()) break;
    if (!base->is_string() || base->get<std::string>().empty()) {
      complain(name, "\"extends\" must be the name of a profile.");
    }
    next = base->get<std::string>();
  }
  return line;
}

/// Replaces the variables in the texts of one profile.
class replacement {
 public:
  replacement(const std::string& name, const variable_values& values)
      : name_(name), values_(values) {}

  void apply(json& value) const {
    if (value.is_string()) {
      value = replaced(value.get_ref<const std::string&>());
    } else if (value.is_structured()) {
      for (auto& part : value) apply(part);
    }
  }

 private:
  std::string replaced(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const auto begin = text.find("${");
      if (begin == std::string_view::npos) break;
      const bool escaped = begin > 0 && text[begin - 1] == '$';
      const auto end = text.find('}', begin);
      if (escaped || end == std::string_view::npos) {
        out += concat(text.substr(0, escaped ? begin - 1 : begin), "${");
        text.remove_prefix(begin + 2);
        continue;
      }
      out += concat(text.substr(0, begin), value_of(text.substr(begin + 2, end - begin - 2)));
      text.remove_prefix(end + 1);
    }
    return out += text;
  }

  std::string value_of(std::string_view variable) const {
    if (variable == "profile") return name_;
    if (variable == "user") return values_.user;
    if (variable == "userHome") return values_.user_home;
    if (variable == "workspaceFolder") {
      if (values_.workspace_folder.empty()) {
        complain(name_, "${workspaceFolder} stands for nothing here: no folder is open.");
      }
      return values_.workspace_folder;
    }
    if (variable.starts_with(environment_prefix)) {
      return of_environment(std::string(variable.substr(environment_prefix.size())));
    }
    const auto nearest = nearest_name(variable, variables);
    complain(name_, concat("${", variable, "} is not known. ",
                           nearest.empty() ? std::string("Write $${ for a ${ that stays.")
                                           : concat("Did you mean ${", nearest, "}?")));
  }

  std::string of_environment(const std::string& variable) const {
    const auto value = values_.environment ? values_.environment(variable) : std::nullopt;
    if (value) return *value;
    complain(name_, concat("${env:", variable,
                           "} is not set in the environment of livyd. Set it before VS Code or "
                           "the shell starts, or write its value here."));
  }

  const std::string& name_;
  const variable_values& values_;
};

void expand_home(json& text, const std::string& home) {
  if (!text.is_string()) return;
  const auto path = text.get<std::string>();
  if (path.starts_with("~/")) text = concat(home, path.substr(1));
}

}  // namespace

variable_values process_variables(std::string workspace_folder) {
  variable_values out;
  out.environment = http::process_environment();
  out.workspace_folder = std::move(workspace_folder);
  out.user_home = out.environment("HOME").value_or("");
  out.user = user_name();
  return out;
}

nlohmann::json resolved_profile(const std::string& name, const std::map<std::string, json>& written,
                                const variable_values& values) {
  const auto line = lineage(name, written);
  json out = json::object();
  for (auto ancestor = line.rbegin(); ancestor != line.rend(); ++ancestor) {
    out.erase("abstract");  // what a base says of itself
    merge(out, **ancestor);
  }
  out.erase("extends");
  replacement(name, values).apply(out);
  for (const auto& [part, field] : paths) {
    const auto found = out.find(part);
    if (found == out.end()) continue;
    if (field.empty()) {
      expand_home(*found, values.user_home);
    } else if (found->is_object() && found->contains(field)) {
      expand_home((*found)[std::string(field)], values.user_home);
    }
  }
  return out;
}

}  // namespace livyd
