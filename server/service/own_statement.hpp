// A statement of livyd's own: sent, followed to its end, and read as text.
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "livy/client.hpp"

namespace livyd {

/// What `code` printed or answered as text, its first `limit` bytes. It waits behind whatever the
/// session executes; `sent` gets its id. May be called again with the same code only where running
/// that twice does no harm. Throws failure{unsupported} with what Python said when it failed, and
/// what livy::client throws. Cancelling stops looking, nothing else.
task<std::string> text_of_statement(livy::client& livy, clock& time, std::string session,
                                    std::string code, std::size_t limit,
                                    std::function<void(std::int64_t)> sent);

}  // namespace livyd
