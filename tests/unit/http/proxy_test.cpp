// Which way a request takes: the environment's variables, the profile's words, the bypass list.
#include "http/proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <ostream>

#include "base/text.hpp"
#include "loop.hpp"

namespace livyd::http {
namespace {

using test::failure_of;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using variables = std::map<std::string, std::string>;

environment these(variables list) {
  return [list = std::move(list)](const std::string& name) -> std::optional<std::string> {
    const auto found = list.find(name);
    if (found == list.end()) return std::nullopt;
    return found->second;
  };
}

std::string way(const proxy_settings& settings, const std::string& target, variables list = {}) {
  const auto found = proxy_for(settings, parse_url(target), these(std::move(list)));
  return found ? found->address.host_and_port() : "direct";
}

proxy_settings own_proxy(std::string address) {
  proxy_settings settings;
  settings.from = proxy_settings::choice::own;
  settings.url = std::move(address);
  return settings;
}

struct bypass_case {
  std::string list;
  std::string target;
  bool bypassed;
};

void PrintTo(const bypass_case& shown, std::ostream* out) {
  *out << shown.list << " for " << shown.target;
}

class Bypass : public testing::TestWithParam<bypass_case> {};

TEST_P(Bypass, NamesTheHostOrDoesNot) {
  const auto& [list, target, bypassed] = GetParam();
  EXPECT_EQ(is_bypassed({list}, parse_url(target)), bypassed) << list << " for " << target;
}

INSTANTIATE_TEST_SUITE_P(
    Names, Bypass,
    testing::Values(bypass_case{"*", "http://anything", true},
                    bypass_case{"", "http://anything", false}, bypass_case{"gw", "http://gw", true},
                    bypass_case{"GW", "http://gw", true}, bypass_case{"gw", "http://gw2", false},
                    bypass_case{"gw", "http://mygw", false},
                    bypass_case{"example.com", "http://example.com", true},
                    bypass_case{"example.com", "http://a.b.example.com", true},
                    bypass_case{"example.com", "http://badexample.com", false},
                    bypass_case{".example.com", "http://a.example.com", true},
                    bypass_case{".example.com", "http://example.com", true},
                    bypass_case{".example.com", "http://badexample.com", false},
                    bypass_case{"*.example.com", "http://a.example.com", true},
                    bypass_case{"*.example.com", "http://badexample.com", false},
                    bypass_case{"a.example.com", "http://example.com", false},
                    bypass_case{"example.com.", "http://a.example.com", true},
                    bypass_case{" example.com ", "http://example.com", true},
                    bypass_case{".", "http://example.com", false},
                    bypass_case{"*.", "http://example.com", false}));

INSTANTIATE_TEST_SUITE_P(
    Ports, Bypass,
    testing::Values(bypass_case{"gw:8443", "https://gw:8443", true},
                    bypass_case{"gw:8443", "https://gw", false},
                    bypass_case{"gw:443", "https://gw", true},
                    bypass_case{".example.com:80", "http://a.example.com", true},
                    bypass_case{".example.com:80", "https://a.example.com", false},
                    bypass_case{"10.0.0.7:80", "http://10.0.0.7", true},
                    bypass_case{"10.0.0.7:80", "http://10.0.0.7:81", false},
                    bypass_case{"[fd00::7]:80", "http://[fd00::7]", true},
                    bypass_case{"[fd00::7]:80", "http://[fd00::7]:81", false},
                    bypass_case{"gw:x", "http://gw", false}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, Bypass,
    testing::Values(bypass_case{"10.0.0.7", "http://10.0.0.7", true},
                    bypass_case{"0.0.7", "http://10.0.0.7", false},
                    bypass_case{".0.0.7", "http://10.0.0.7", false},
                    bypass_case{"10.0.0.0/8", "http://10.1.2.3", true},
                    bypass_case{"10.0.0.0/8", "http://11.1.2.3", false},
                    bypass_case{"10.9.9.9/8", "http://10.1.2.3", true},
                    bypass_case{"192.168.4.0/22", "http://192.168.7.255", true},
                    bypass_case{"192.168.4.0/22", "http://192.168.8.0", false},
                    bypass_case{"0.0.0.0/0", "http://1.2.3.4", true},
                    bypass_case{"10.0.0.0/33", "http://10.0.0.1", false},
                    bypass_case{"10.0.0.0/", "http://10.0.0.1", false},
                    bypass_case{"10.0.0.0/8", "http://gw", false},
                    bypass_case{"fd00::7", "http://[fd00:0:0::7]", true},
                    bypass_case{"[fd00::7]", "http://[fd00::7]", true},
                    bypass_case{"fd00::/8", "http://[fd12::1]", true},
                    bypass_case{"fd00::/8", "http://[fe80::1]", false},
                    bypass_case{"fd00::/8", "http://10.0.0.1", false},
                    bypass_case{"10.0.0.0/8", "http://[::ffff:10.1.1.1]", true},
                    bypass_case{"[", "http://[fd00::7]", false},
                    bypass_case{"[fd00::7", "http://[fd00::7]", false},
                    bypass_case{"::", "http://[fd00::7]", false}));

TEST(Bypass, LooksAtEachEntry) {
  const std::vector<std::string> list{"a", "10.0.0.0/8", "b.example.com"};
  EXPECT_TRUE(is_bypassed(list, parse_url("http://x.b.example.com")));
  EXPECT_FALSE(is_bypassed(list, parse_url("http://c")));
  EXPECT_FALSE(is_bypassed({}, parse_url("http://c")));
}

TEST(ProxyOfTheEnvironment, DependsOnTheScheme) {
  const variables list{{"HTTPS_PROXY", "http://secure:1"}, {"http_proxy", "http://plain:2"}};
  EXPECT_EQ(way({}, "https://gw", list), "secure:1");
  EXPECT_EQ(way({}, "http://gw", list), "plain:2");
  EXPECT_EQ(way({}, "https://gw", {}), "direct");
}

TEST(ProxyOfTheEnvironment, IsReadInEitherCaseButForHttpProxy) {
  EXPECT_EQ(way({}, "https://gw", {{"https_proxy", "http://p:1"}}), "p:1");
  EXPECT_EQ(way({}, "https://gw", {{"https_proxy", "http://p:1"}, {"HTTPS_PROXY", "http://q:1"}}),
            "p:1");
  EXPECT_EQ(way({}, "http://gw", {{"HTTP_PROXY", "http://p:1"}}), "direct");
  EXPECT_EQ(way({}, "https://gw", {{"http_proxy", "http://p:1"}}), "direct");
}

TEST(ProxyOfTheEnvironment, MayBeOneForAll) {
  EXPECT_EQ(way({}, "http://gw", {{"ALL_PROXY", "http://p:1"}}), "p:1");
  EXPECT_EQ(way({}, "https://gw", {{"all_proxy", "http://p:1"}}), "p:1");
  EXPECT_EQ(way({}, "https://gw", {{"ALL_PROXY", "http://p:1"}, {"HTTPS_PROXY", "http://q:2"}}),
            "q:2");
}

TEST(ProxyOfTheEnvironment, IsNoneWhenTheVariableIsEmpty) {
  EXPECT_EQ(way({}, "https://gw", {{"https_proxy", " "}}), "direct");
  EXPECT_EQ(way({}, "https://gw", {{"https_proxy", ""}, {"HTTPS_PROXY", "http://q:2"}}), "q:2");
}

TEST(ProxyOfTheEnvironment, TakesAnAddressWithoutSchemeOrPortAndWithAPath) {
  EXPECT_EQ(way({}, "https://gw", {{"https_proxy", "p:3128"}}), "p:3128");
  EXPECT_EQ(way({}, "https://gw", {{"https_proxy", "http://P/"}}), "p:80");
  EXPECT_EQ(way({}, "https://gw", {{"https_proxy", "http://[fd00::1]:3128/x?y"}}),
            "[fd00::1]:3128");
}

TEST(ProxyOfTheEnvironment, HoldsPercentEncodedCredentials) {
  const auto found =
      proxy_for({}, parse_url("https://gw"),
                these({{"HTTPS_PROXY", "http://ali%40ce:p%3A%2f%20@w@p.example.com:3128"}}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "ali@ce");
  EXPECT_EQ(found->password, "p:/ @w");
  EXPECT_EQ(found->address.host_and_port(), "p.example.com:3128");
  EXPECT_EQ(found->source, "HTTPS_PROXY");
}

TEST(ProxyOfTheEnvironment, GetsTheProfilesUserWhenItNamesNone) {
  proxy_settings settings;
  settings.user = "alice";
  const auto found = proxy_for(settings, parse_url("https://gw"), these({{"https_proxy", "p:1"}}));
  EXPECT_EQ(found->user, "alice");
  const auto own =
      proxy_for(settings, parse_url("https://gw"), these({{"https_proxy", "http://bob@p:1"}}));
  EXPECT_EQ(own->user, "bob");
  EXPECT_EQ(own->password, "");
}

TEST(ProxyOfTheEnvironment, IsNotAskedForBypassedHosts) {
  const variables list{{"https_proxy", "p:1"}, {"NO_PROXY", "a.example.com, 10.0.0.0/8\tb,,"}};
  EXPECT_EQ(way({}, "https://x.a.example.com", list), "direct");
  EXPECT_EQ(way({}, "https://10.2.3.4", list), "direct");
  EXPECT_EQ(way({}, "https://b", list), "direct");
  EXPECT_EQ(way({}, "https://c", list), "p:1");
  proxy_settings more;
  more.bypass = {"c"};
  EXPECT_EQ(way(more, "https://c", list), "direct");
  EXPECT_EQ(way({}, "https://c", {{"https_proxy", "p:1"}, {"no_proxy", "c"}, {"NO_PROXY", "d"}}),
            "direct");
}

TEST(ProxyOfTheEnvironment, IsNeverForTheLoopbackInterface) {
  const variables list{{"https_proxy", "p:1"}, {"http_proxy", "p:1"}};
  for (const std::string host : {"localhost", "127.0.0.1", "127.9.9.9", "[::1]", "x.localhost"}) {
    EXPECT_EQ(way({}, concat("https://", host, ":8998"), list), "direct") << host;
    EXPECT_EQ(way({}, concat("http://", host), list), "direct") << host;
  }
}

TEST(ProxyOfTheProfile, BeatsTheEnvironment) {
  const variables list{{"https_proxy", "p:1"}, {"NO_PROXY", "*"}};
  auto own = own_proxy("http://mine:3128");
  own.bypass = {"near"};
  own.user = "alice";
  EXPECT_EQ(way(own, "https://gw", list), "mine:3128");
  EXPECT_EQ(way(own, "http://127.0.0.1", list), "mine:3128");
  EXPECT_EQ(way(own, "https://near", list), "direct");
  EXPECT_EQ(proxy_for(own, parse_url("https://gw"), these(list))->user, "alice");
  proxy_settings none;
  none.from = proxy_settings::choice::direct;
  EXPECT_EQ(way(none, "https://gw", list), "direct");
}

failure refusal(const std::string& address, bool own = false) {
  const auto settings = own ? own_proxy(address) : proxy_settings{};
  return failure_of([&] { way(settings, "https://gw", {{"https_proxy", address}}); });
}

TEST(Proxy, SaysWhatItCannotUse) {
  for (const std::string scheme : {"socks4", "socks5", "SOCKS5h"}) {
    const auto reason = refusal(scheme + "://p:1080");
    EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
    EXPECT_EQ(reason.message(),
              "livyd cannot use the proxy in https_proxy: it speaks SOCKS, and livyd only HTTP. "
              "Name one that starts with http:// in the profile's \"proxy\", or set \"proxy\": "
              "\"none\".");
  }
  EXPECT_EQ(refusal("https://p:443", true).message(),
            "livyd cannot use the profile's proxy: it is reached over TLS (https://), which livyd "
            "does not do. Name one that starts with http:// in the profile's \"proxy\", or set "
            "\"proxy\": \"none\".");
  EXPECT_THAT(refusal("ftp://p").message(), HasSubstr("does not start with http://"));
}

TEST(Proxy, QuotesNoPartOfAnAddressThatCannotBeRead) {
  for (const std::string address :
       {"http://alice:sec/ret@p:1", "http://alice:secret@p:port", "http://alice:secret@",
        "alice:secret#x", "http://alice:secret"}) {
    const auto reason = refusal(address);
    EXPECT_EQ(reason.kind(), failure_kind::invalid_input) << address;
    EXPECT_THAT(reason.message() + reason.detail(),
                AllOf(Not(HasSubstr("sec")), HasSubstr("https_proxy")))
        << address;
  }
}

TEST(Proxy, WantsCredentialsOutOfTheProfilesUrl) {
  const auto reason = refusal("http://alice:secret@p:1", true);
  EXPECT_EQ(reason.kind(), failure_kind::invalid_input);
  EXPECT_THAT(reason.message(), AllOf(HasSubstr("\"auth\""), Not(HasSubstr("secret"))));
}

TEST(Proxy, ReadsTheProcessesOwnEnvironment) {
  const auto variables = process_environment();
  ASSERT_EQ(::setenv("livyd_test_proxy", "p:1", 1), 0);
  EXPECT_EQ(variables("livyd_test_proxy"), "p:1");
  ASSERT_EQ(::unsetenv("livyd_test_proxy"), 0);
  EXPECT_EQ(variables("livyd_test_proxy"), std::nullopt);
}

}  // namespace
}  // namespace livyd::http
