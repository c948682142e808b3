#include "service/table.hpp"

#include <gtest/gtest.h>

namespace livyd {
namespace {

TEST(TableText, AlignsColumns) {
  const auto result = nlohmann::json::parse(R"({"schema": {"type": "struct", "fields": [
      {"name": "one"}, {"name": "letter"}]}, "data": [[1, "xé"], [20, null], [3, "a\nb"]]})");
  ASSERT_TRUE(is_sql_result(result));
  EXPECT_EQ(table_text(result),
            "one  letter\n---  ------\n  1  xé\n 20  NULL\n  3  a b\n(3 rows)\n");
}

TEST(TableText, CutsLongCellsVisibly) {
  const nlohmann::json result = {{"schema", {{"fields", {{{"name", "text"}}}}}},
                                 {"data", {{std::string(100, 'x')}}}};
  EXPECT_NE(table_text(result).find(std::string(39, 'x') + "…\n"), std::string::npos);
}

TEST(TableText, KnowsWhatIsNoTable) {
  EXPECT_FALSE(is_sql_result(nlohmann::json::parse(R"({"a": 1})")));
  EXPECT_FALSE(is_sql_result(nlohmann::json::parse("[1]")));
  EXPECT_FALSE(is_sql_result(nlohmann::json::parse(R"({"schema": [], "data": []})")));
}

}  // namespace
}  // namespace livyd
