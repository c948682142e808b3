// A session as Livy shows it.
#pragma once

#include "local/livy_answer.hpp"
#include "local/session.hpp"

namespace livyd::local {

/// In the order of Livy's fields, with the last ten lines of the log.
ordered_json view_of(const session& one);

}  // namespace livyd::local
