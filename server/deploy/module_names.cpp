#include "deploy/module_names.hpp"

#include <set>

#include "base/text.hpp"

namespace livyd::deploy {

bool is_identifier(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  for (const char letter : name) {
    const bool fits = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '_' ||
                      static_cast<unsigned char>(letter) >= 0x80;
    if (!fits) return false;
  }
  return true;
}

std::string module_name_of(std::string_view path) {
  constexpr std::string_view suffix = ".py";
  if (!path.ends_with(suffix)) return "";
  path.remove_suffix(suffix.size());
  auto names = split(path, '/');
  if (names.back() == "__init__") names.pop_back();
  std::string module;
  for (const auto name : names) {
    if (!is_identifier(name)) return "";
    if (!module.empty()) module += '.';
    module += name;
  }
  return module;
}

std::vector<std::string> top_modules_of(const std::vector<bundle_file>& files) {
  std::set<std::string> tops;
  for (const auto& file : files) {
    const auto module = module_name_of(file.path);
    if (!module.empty() && module != "__main__") tops.insert(module.substr(0, module.find('.')));
  }
  return {tops.begin(), tops.end()};
}

}  // namespace livyd::deploy
