// The statements of one session: their states, their JSON, and the last hundred of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace livyd::local {

enum class statement_state { waiting, running, available, cancelling, cancelled };
std::string_view name_of(statement_state state);

struct statement {
  std::int64_t id = 0;
  std::string kind;
  std::string code;
  statement_state state = statement_state::waiting;
  std::string output;        ///< JSON text; "" while there is none
  double progress = 0;       ///< what Spark said last; finished statements show 1
  std::int64_t started = 0;  ///< ms since 1970; 0 = not yet
  std::int64_t completed = 0;

  bool finished() const {
    return state == statement_state::available || state == statement_state::cancelled;
  }
};

/// In the order of Livy's fields.
std::string json_of(const statement& one);

class statements {
 public:
  static constexpr std::size_t retained = 100;  ///< livy.rsc.retained-statements

  /// Takes the next id; the oldest statement beyond the limit is forgotten, finished or not.
  std::shared_ptr<statement> add(std::string kind, std::string code);
  std::shared_ptr<statement> find(std::int64_t id) const;
  /// By id, oldest first.
  std::vector<std::shared_ptr<statement>> all() const;
  std::int64_t next_id() const { return next_; }

 private:
  std::int64_t next_ = 0;
  // Shared: a forgotten statement still runs to its end.
  std::map<std::int64_t, std::shared_ptr<statement>> kept_;
};

/// Livy's view of a list: [from, from + size) of the list or of the reversed list.
std::vector<std::shared_ptr<statement>> page_of(std::vector<std::shared_ptr<statement>> list,
                                                bool newest_first, std::optional<std::int64_t> from,
                                                std::optional<std::int64_t> size);

}  // namespace livyd::local
