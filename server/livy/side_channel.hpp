// Python expressions evaluated in a PySpark session beside a running statement (submit-job).
#pragma once

#include <string>

#include "base/clock.hpp"
#include "livy/client.hpp"

namespace livyd::livy {

/// Only for sessions whose kind is PySpark: elsewhere Livy would start a Python interpreter. What
/// is evaluated must not touch Spark or py4j (one call clears the job group of the running cell).
class side_channel {
 public:
  side_channel(client& livy, clock& time, std::string session);

  /// The value of `expression` (which sees the job's context as `ctx`), as bytes; a str comes as
  /// UTF-8. `expected` is how long the expression itself waits: the looks at the job follow it, and
  /// how long what it waits for has been `quiet` already.
  /// Looks that fail for a transient reason are repeated until the deadline, then that reason is
  /// thrown. Throws failure{timeout} after `deadline`; failure{unsupported} when the expression
  /// raised (its words as detail) or the server does not offer this way; failure{connection_lost}
  /// when the answer was lost (the expression was evaluated: ask again); and what client throws.
  /// After a failure or a cancel the expression may still be evaluated.
  task<std::string> evaluate(std::string expression, duration expected, duration deadline,
                             duration quiet = {});

 private:
  client& livy_;
  clock& time_;
  std::string session_;
};

/// The wait before the next look at a job: 5 ms while an answer is due, longer the later it is.
/// While the expression itself waits (`expected`) for what has been quiet so long: 15 ms at first,
/// for something may be there already, then a third of the quiet, from 15 ms up to 200 ms. So what
/// flows is seen at once, and what is silent costs five looks a second.
duration job_wait(duration elapsed, duration expected, duration quiet);

/// A pickle whose value is the function `lambda ctx: <expression>`: the constant frame of livy.md.
std::string pickled_function(std::string_view expression);
/// The bytes or str (as UTF-8) in a pickle of protocol 2 to 5. Throws failure{not_livy} for another
/// value.
std::string unpickled_text(std::string_view pickle);

}  // namespace livyd::livy
