// A secret that somebody else keeps: read when it is needed, told when a server refused it.
#pragma once

#include <memory>
#include <string>

namespace livyd::http {

class secret {
 public:
  virtual ~secret() = default;
  /// Throws failure{unauthorized} with what to do while there is none, and after it was refused
  /// until there is another one: a wrong password is never sent twice, since accounts get locked.
  virtual std::string value() = 0;
  /// The server did not accept `value`. A value that was replaced meanwhile is not touched.
  virtual void refused(const std::string& value) = 0;
};

/// One that is known from the start, such as the embedded endpoint's token.
std::shared_ptr<secret> fixed_secret(std::string value);

}  // namespace livyd::http
