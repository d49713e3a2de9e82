# The author of a Python plugin: how healthy is a node with these channels, and why?
python3 -m venv env
env/bin/pip install -q trimtab
cat >ask.py <<'END'
import trimtab

health = trimtab.Policy().health_score(
    profitable_pct=0.36, underwater_pct=0.4, liquidity_score=50, trend="stable")
print(health.score, health.tier, *health.explain(), sep="\n")
END
env/bin/python ask.py
