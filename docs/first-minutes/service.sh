# A service in any language: ask over HTTP.
tar -xzf trimtab-*.tar.gz --strip-components=1
./trimtab serve --http 127.0.0.1:8080 2>/dev/null &
curl -s --retry 9 --retry-connrefused -d '{"ev":8,"min_ev":10,"tier":"thriving"}' 127.0.0.1:8080/v1/call/rebalance.accept
kill %1
