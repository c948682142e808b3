#include "deploy/glob.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace livyd::deploy {
namespace {

constexpr std::string_view any_folders = "**";

/// The bytes of the first character; of broken UTF-8 one byte.
std::size_t character_size(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size) {
    if (is_valid_utf8(text.substr(0, size))) return size;
  }
  return text.empty() ? 0 : 1;
}

std::string_view take_character(std::string_view& text) {
  const auto character = text.substr(0, character_size(text));
  text.remove_prefix(character.size());
  return character;
}

/// UTF-8 sorts bytewise as its characters do.
bool within(std::string_view character, std::string_view first, std::string_view last) {
  return first <= character && character <= last;
}

std::string_view take_member(std::string_view& members) {
  if (members.starts_with('\\') && members.size() > 1) members.remove_prefix(1);
  return take_character(members);
}

/// `members`: what stands between "[" and "]".
bool is_member(std::string_view character, std::string_view members) {
  const bool inverted = members.starts_with('!') || members.starts_with('^');
  if (inverted) members.remove_prefix(1);
  bool found = false;
  while (!members.empty()) {
    const auto first = take_member(members);
    auto last = first;
    if (members.starts_with('-') && members.size() > 1) {
      members.remove_prefix(1);
      last = take_member(members);
    }
    found = found || within(character, first, last);
  }
  return found != inverted;
}

/// Where the "]" of a set is that opens at the front; npos: it never closes. The first member may
/// be a "]".
std::size_t end_of_set(std::string_view pattern) {
  auto at = pattern.find_first_not_of("!^", 1) == 1 ? std::size_t{2} : std::size_t{3};
  if (at <= pattern.size() && pattern[at - 1] == '\\') ++at;
  for (; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern[at] == ']') {
      return at;
    }
  }
  return std::string_view::npos;
}

/// Takes one element of the pattern (not "*") and one character; false: they do not fit.
bool take_one(std::string_view& pattern, std::string_view& name) {
  if (pattern.empty() || name.empty()) return false;
  const auto character = take_character(name);
  if (pattern.front() == '?') {
    pattern.remove_prefix(1);
    return true;
  }
  if (pattern.front() == '[') {
    if (const auto end = end_of_set(pattern); end != std::string_view::npos) {
      const auto members = pattern.substr(1, end - 1);
      pattern.remove_prefix(end + 1);
      return is_member(character, members);
    }
  }
  return take_member(pattern) == character;
}

bool name_matches(std::string_view pattern, std::string_view name) {
  // The last "*" takes one more character whenever the rest does not fit.
  std::string_view after_star;
  std::string_view taken_from;
  bool has_star = false;
  while (true) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      after_star = pattern;
      taken_from = name;
      has_star = true;
    } else if (pattern.empty() && name.empty()) {
      return true;
    } else if (!take_one(pattern, name)) {
      if (!has_star || taken_from.empty()) return false;
      take_character(taken_from);
      pattern = after_star;
      name = taken_from;
    }
  }
}

}  // namespace

path_names names_of(std::string_view path) {
  path_names out;
  for (const auto name : split(path, '/')) {
    if (!name.empty() && name != ".") out.emplace_back(name);
  }
  return out;
}

glob::glob(std::string_view pattern) : pattern_(names_of(pattern)) {
  if (!pattern_.empty() && pattern_.back() == any_folders) pattern_.emplace_back("*");
}

glob::places glob::start() const {
  places reached(pattern_.size() + 1);
  reached.front() = true;
  skip_any_folders(reached);
  return reached;
}

/// "**" may stand for no folder at all.
void glob::skip_any_folders(places& reached) const {
  for (std::size_t at = 0; at < pattern_.size(); ++at) {
    if (reached[at] && pattern_[at] == any_folders) reached[at + 1] = true;
  }
}

glob::places glob::after(const places& before, std::string_view name) const {
  places reached(before.size());
  for (std::size_t at = 0; at < pattern_.size(); ++at) {
    if (!before[at]) continue;
    if (pattern_[at] == any_folders) {
      reached[at] = true;
    } else if (name_matches(pattern_[at], name)) {
      reached[at + 1] = true;
    }
  }
  skip_any_folders(reached);
  return reached;
}

bool glob::matches(std::span<const std::string> path) const {
  auto reached = start();
  for (const auto& name : path) reached = after(reached, name);
  return reached.back();
}

bool glob::covers(std::span<const std::string> path) const {
  auto reached = start();
  for (const auto& name : path) {
    reached = after(reached, name);
    if (reached.back()) return true;
  }
  return false;
}

bool glob::leads_into(std::span<const std::string> folder) const {
  auto reached = start();
  for (const auto& name : folder) {
    reached = after(reached, name);
    if (reached.back()) return true;
  }
  return std::ranges::find(reached, true) != reached.end();
}

}  // namespace livyd::deploy
