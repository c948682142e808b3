// What --help says: the texts that a person reads before anything else.
#pragma once

#include <string_view>

namespace livyd::help {

extern const std::string_view all;  ///< livyd --help
extern const std::string_view run;
extern const std::string_view sessions;
extern const std::string_view session;
extern const std::string_view statements;
extern const std::string_view logs;
extern const std::string_view runs;
extern const std::string_view profiles;
extern const std::string_view hdfs;
extern const std::string_view batch;
extern const std::string_view deploy;
extern const std::string_view reload;
extern const std::string_view standalone;
extern const std::string_view state;
extern const std::string_view doctor;
extern const std::string_view local;
extern const std::string_view trust;
extern const std::string_view serve;
extern const std::string_view completion;

}  // namespace livyd::help
