# An operator: what is wrong with my node? The command reads saved answers and asks nothing else.
tar -xzf trimtab-*.tar.gz --strip-components=1
mkdir -p fleet/me
for ask in getinfo listpeerchannels listforwards bkpr-listincome; do lightning-cli $ask >fleet/me/$ask.json; done
lightning-cli listchannels >fleet/listchannels.json
./trimtab fleet fleet
