#include "service/table.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace livyd {
namespace {

using json = nlohmann::json;

constexpr std::size_t cell_limit = 40;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string cut(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  if (characters(text) <= cell_limit) return text;
  std::size_t count = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U && ++count == cell_limit) break;
    ++at;
  }
  return text.substr(0, at) + "…";
}

std::string cell_text(const json& value) {
  if (value.is_string()) return cut(value.get<std::string>());
  if (value.is_null()) return "NULL";
  return cut(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const auto length = characters(text);
  const std::string space(width > length ? width - length : 0, ' ');
  return right ? space + text : text + space;
}

std::string row_text(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                     const std::vector<bool>& right) {
  std::string line;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    line +=
        concat(i == 0 ? "" : "  ", padded(i < cells.size() ? cells[i] : "", widths[i], right[i]));
  }
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

}  // namespace

bool is_sql_result(const json& value) {
  if (!value.is_object() || !value.contains("schema") || !value.contains("data")) return false;
  const auto& schema = value["schema"];
  return schema.is_object() && schema.contains("fields") && schema["fields"].is_array() &&
         value["data"].is_array();
}

std::string table_text(const json& sql_result) {
  std::vector<std::vector<std::string>> rows(1);
  std::vector<bool> right;
  for (const auto& field : sql_result["schema"]["fields"]) {
    rows[0].push_back(field.is_object() ? cut(field.value("name", "")) : "");
    right.push_back(true);
  }
  for (const auto& row : sql_result["data"]) {
    auto& cells = rows.emplace_back();
    for (std::size_t i = 0; row.is_array() && i < row.size() && i < right.size(); ++i) {
      cells.push_back(cell_text(row[i]));
      if (!row[i].is_number() && !row[i].is_null()) right[i] = false;
    }
  }
  std::vector<std::size_t> widths(right.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], characters(row[i]));
  }
  std::string out = row_text(rows[0], widths, right);
  std::vector<std::string> rule;
  for (const auto width : widths) rule.emplace_back(width, '-');
  out += row_text(rule, widths, right);
  for (std::size_t i = 1; i < rows.size(); ++i) out += row_text(rows[i], widths, right);
  const auto count = rows.size() - 1;
  return out + concat("(", count, count == 1 ? " row)\n" : " rows)\n");
}

}  // namespace livyd
