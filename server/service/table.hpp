// Rows as text: what the `sql` kind answers, drawn for a channel or a terminal. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace livyd {

/// True for `{"schema": {"fields": […]}, "data": [[…], …]}`.
bool is_sql_result(const nlohmann::json& value);

/// Aligned columns under their names, numbers to the right, at most 40 columns a cell (a cut cell
/// ends in "…"), and a last line "(20 rows)".
std::string table_text(const nlohmann::json& sql_result);

}  // namespace livyd
