"""Examines the audit with planted faults, and prints what it missed and what it made up.

    python benchmarks/exam.py [--sets 40] [--seed 0] [--jobs 2] [--worlds corner,postcards]
                              [--kinds sentinel_number,…] [--codes L,M03] [--clean 10] [--score]
    python benchmarks/exam.py --show 17

A set is the one of its seed: sets 0 to 39 above. `--kinds` plants one of these in each set;
`--codes` judges the faults and the findings of these families or codes only; `--clean` adds worlds
without faults; `--score` measures the honest score too; `--show` prints one set at length.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "exam"))

import harness

from patron.worlds.faults import FAULTS

CLEAN_FROM = 100_000


def main() -> None:
    """Examine, or show one set."""
    asked = arguments()
    worlds = asked.worlds.split(",")
    if asked.show is not None:
        show(asked, worlds)
        return
    seeds = range(asked.seed, asked.seed + asked.sets)
    tasks = [(seed, kinds_of(asked, seed), worlds, asked.score) for seed in seeds]
    first = CLEAN_FROM + asked.seed
    tasks += [(seed, None, worlds, False) for seed in range(first, first + asked.clean)]
    answers: list[harness.Answer] = []
    with ProcessPoolExecutor(asked.jobs) as pool:
        for task, future in [(task, pool.submit(harness.examine_seed, *task)) for task in tasks]:
            if error := future.exception():
                print(f"CRASH at seed {task[0]}, {task[1]}: {type(error).__name__}: {error}")
            else:
                answers.append(future.result())
    tell([only(answer, asked.codes) for answer in answers])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("sets", 40), ("seed", 0), ("jobs", 2), ("clean", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--worlds", default=",".join(harness.WORLDS))
    parser.add_argument("--kinds", default="random")
    parser.add_argument("--codes", default="")
    parser.add_argument("--score", action="store_true")
    parser.add_argument("--show", type=int)
    return parser.parse_args()


def kinds_of(asked: argparse.Namespace, seed: int) -> Any:
    """What is planted in the set of a seed."""
    if asked.kinds in ("random", "all"):
        return asked.kinds
    kinds = asked.kinds.split(",")
    return [kinds[seed % len(kinds)]]


def only(answer: harness.Answer, codes: str) -> harness.Answer:
    """The part of an answer that is about these codes or families."""
    if not codes:
        return answer
    wanted = tuple(codes.split(","))

    def about(found: Iterable[str]) -> bool:
        return any(code.startswith(wanted) for code in found)

    return replace(
        answer,
        missed=tuple(fault for fault in answer.missed if about(fault.codes[:1])),
        found=tuple(fault for fault in answer.found if about(fault.codes[:1])),
        alarms=tuple(each for each in answer.alarms if about([each.code])),
        findings=tuple(each for each in answer.findings if about([each.code])),
    )


def tell(answers: list[harness.Answer]) -> None:
    """Print what came of it all."""
    tallies: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    alarmed: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for answer in answers:
        for fault in (*answer.missed, *answer.found):
            tallies[fault.kind][0] += fault in answer.found
            tallies[fault.kind][1] += 1
        for finding in answer.findings:
            if finding.severity.value != "note":
                alarmed[finding.code][0] += finding not in answer.alarms
                alarmed[finding.code][1] += 1
    show_tallies("recall by kind", {kind: tallies[kind] for kind in FAULTS if kind in tallies})
    show_tallies("precision by code", dict(sorted(alarmed.items())))
    print("\nMissed")
    for answer in answers:
        for fault in answer.missed:
            print(f"  {answer.paper}: {fault.kind} {fault.strength:.2f}: {fault.says}")
    print("\nFalse alarms")
    for answer in answers:
        for finding in answer.alarms:
            print(f"  {answer.paper}: {in_a_line(finding)}")
    print(f"\nCPU of the audit: {sum(each.cpu for each in answers) / len(answers):.1f} s a set")
    clean = [answer for answer in answers if not answer.missed + answer.found]
    serious = sum(any(a.severity.value == "serious" for a in each.alarms) for each in clean)
    print(f"Without a fault: {len(clean)} sets, {serious} with a serious false alarm")
    scores = [answer for answer in answers if answer.score_is_kept is not None]
    if scores:
        kept = sum(bool(answer.score_is_kept) for answer in scores)
        best = sum(bool(answer.clean.covers(answer.ideal)) for answer in scores)
        print(f"Honest score kept: {kept} of {len(scores)}, at best {best}; where not:")
        for answer in scores:
            if not answer.score_is_kept:
                faults = ", ".join(f.kind for f in answer.missed + answer.found)
                became = f"{answer.mended:.3f}, at best {answer.ideal:.3f}"
                print(f"  {answer.paper}: {answer.clean} became {became} ({faults})")


def show_tallies(title: str, tallies: dict[str, list[int]]) -> None:
    """One line each, and all together."""
    print(f"\n{title}")
    total = [sum(each[place] for each in tallies.values()) for place in (0, 1)]
    for name, (hit, count) in {**tallies, "all": total}.items():
        print(f"  {name:24} {hit:4} of {count:4}  {hit / max(count, 1):6.1%}")


def show(asked: argparse.Namespace, worlds: list[str]) -> None:
    """One set at length: what was planted, and all that was said."""
    kinds = None if asked.show >= CLEAN_FROM else kinds_of(asked, asked.show)
    paper = harness.paper(asked.show, kinds=kinds, worlds=worlds)
    answer = harness.examine_one(paper, score=asked.score)
    print(answer.paper)
    for fault in paper.faulty.faults:
        sign = "missed" if fault in answer.missed else "found"
        print(f"{sign:7}{fault.kind} {fault.strength:.2f} {fault.codes}: {fault.says}")
    for finding in answer.findings:
        sign = "ALARM" if finding in answer.alarms else "  -  "
        print(f"\n{sign} {in_a_line(finding)}")
        for line in details(finding.evidence):
            print(f"        {line}")
    if answer.clean is not None:
        print(
            f"\nhonest score {answer.clean}, mended {answer.mended:.3f}, at best {answer.ideal:.3f}"
        )


def details(evidence: dict[str, Any]) -> Iterator[str]:
    """The evidence, a key a line."""
    for key, value in evidence.items():
        if key != "picture":
            yield f"{key} = {value:.4g}" if isinstance(value, float) else f"{key} = {value}"


def in_a_line(finding: Any) -> str:
    """A finding in a line."""
    columns = ", ".join(finding.columns[:4]) or "rows"
    return f"{finding.severity.value} {finding.code} {columns}: {finding.meaning[:100]}"


if __name__ == "__main__":
    main()
