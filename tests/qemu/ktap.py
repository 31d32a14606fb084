# SPDX-License-Identifier: BSD-2-Clause
"""Strict reading of KTAP: two levels, a plan at each, exactly as many results as planned.

judge() gives a list of (good, text) for TAP: the leaves as they are, then what is wrong with the whole.
"""
import re

RESULT = re.compile(r"^( *)(ok|not ok) (\d+) (\S+)(.*)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)$")


def judge(text):
    lines = [line.rstrip("\r") for line in text.split("\n")]
    try:
        start = lines.index("KTAP version 1")
    except ValueError:
        return [(False, "no KTAP version line")]
    leaves, faults = [], []
    plans = {0: None, 4: None}
    seen = {0: 0, 4: 0}
    for line in lines[start + 1:]:
        plan, result = PLAN.match(line), RESULT.match(line)
        if plan:
            plans[len(plan[1])] = int(plan[2])
            seen[len(plan[1])] = 0
        elif result:
            take(result, plans, seen, leaves, faults)
    if plans[0] is None:
        faults.append("no plan")
    elif seen[0] < plans[0]:
        faults.append(f"fewer results than planned: {seen[0]} of {plans[0]} suites")
    if not leaves and not faults:
        faults.append("no results")
    return leaves + [(False, fault) for fault in faults]


def take(result, plans, seen, leaves, faults):
    indent, good, name = len(result[1]), result[2] == "ok", result[4]
    seen[indent] += 1
    plan = plans.get(indent)
    if plan is None:
        faults.append(f"no plan before {name}")
    elif seen[indent] > plan:
        faults.append(f"more results than planned: {name}")
    if int(result[3]) != seen[indent]:
        faults.append(f"results out of order: {result[3]} {name}")
    if indent == 4:
        leaves.append((good, name + result[5]))
        return
    if plans[4] is None or seen[4] < plans[4]:
        faults.append(f"fewer results than planned in {name}: {seen[4]} of {plans[4]}")
    if not good:
        leaves.append((False, name))
    plans[4], seen[4] = None, 0
