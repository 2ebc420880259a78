/** What tests use: clients of each transport, servers, proxies and browsers to run, fakes. */
package switchboard.testing;
