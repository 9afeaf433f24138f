/** What hosts earn and pay, and how equally it is spread. */
import type { DeviceClass } from "../fleet/devices.ts"
import { deviceClasses } from "../recording/recorder.ts"
import type { NodeOutcome } from "../results/models/run-model.ts"
import { gini, herfindahlIndex, jainIndex } from "../statistics/samples/inequality.ts"
import type { MetricWords } from "./metric.ts"
import { gainOrLoss, metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"

const daySeconds = 86_400

/** Nodes that were there long enough for their pay to mean something. */
const settled = ({ nodes, days }: Window): ReadonlyArray<NodeOutcome> =>
  nodes.filter(({ onlineHours }) => onlineHours >= Math.min(24, (days * 24) / 2))

/** Minor units. */
export const payOf = ({ shareEarned, bountyEarned }: NodeOutcome): number =>
  shareEarned + bountyEarned

/** A host of each class, as a line of a table says it. */
const hostNames: Readonly<Record<DeviceClass, string>> = {
  consumer: "a consumer GPU",
  datacenter: "a datacenter GPU",
  apple: "an Apple machine",
}

const ofSettled = "nodes online for a day, or half of a shorter stretch"

/** A part of the pay of a class of nodes, credits a node and day online. */
const perNodeDay =
  (name: string, valueOf: (node: NodeOutcome, minor: number) => number) =>
  (window: Window): number => {
    const own = settled(window).filter(({ deviceClass }) => deviceClass === name)
    const hours = own.reduce((sum, { onlineHours }) => sum + onlineHours, 0)
    return own.reduce((sum, node) => sum + valueOf(node, window.minor), 0) / (hours / 24)
  }

export const payMetrics = metricsIn(
  "hosts",
  deviceClasses.flatMap((name): ReadonlyArray<MetricWords> => {
    const common = { unit: "credits/d" as const, base: `days online; ${ofSettled}` }
    return [
      {
        ...common,
        name: `profit.${name}`,
        label: `Left to ${hostNames[name]}`,
        meaning: `Pay less cost of a node and day, class ${name}`,
        ...gainOrLoss,
        valueOf: perNodeDay(name, (node, minor) => payOf(node) / minor - node.costCredits),
      },
      {
        ...common,
        name: `pay.${name}.share`,
        label: `Provider share, ${name}`,
        meaning: `Provider share before anything is withheld, a node and day, class ${name}`,
        valueOf: perNodeDay(
          name,
          ({ shareEarned, withheld }, minor) => (shareEarned + withheld) / minor,
        ),
      },
      {
        ...common,
        name: `pay.${name}.withheld`,
        label: `Withheld, ${name}`,
        meaning: `Withheld for switching models, a node and day, class ${name}`,
        valueOf: perNodeDay(name, ({ withheld }, minor) => withheld / minor),
      },
      {
        ...common,
        name: `pay.${name}.bounty`,
        label: `Bounties, ${name}`,
        meaning: `Bounties, a node and day, class ${name}`,
        valueOf: perNodeDay(name, ({ bountyEarned }, minor) => bountyEarned / minor),
      },
      {
        ...common,
        name: `pay.${name}.cost`,
        label: `Cost, ${name}`,
        meaning: `Electricity or rent, a node and day, class ${name}`,
        valueOf: perNodeDay(name, ({ costCredits }) => costCredits),
      },
    ]
  }),
)

/** An index of inequality of pay; nobody's pay is neither equal nor unequal. */
const ofPay =
  (index: (pay: ReadonlyArray<number>) => number) =>
  (window: Window): number => {
    const pay = settled(window).map((node) => payOf(node) / node.onlineHours)
    return pay.length === 0 ? NaN : index(pay)
  }

/** Pay of each operator that was paid anything, all its nodes together. */
const payByOperator = ({ nodes }: Window): ReadonlyArray<number> => {
  const sums = new Map<number, number>()
  for (const node of nodes) sums.set(node.operator, (sums.get(node.operator) ?? 0) + payOf(node))
  return [...sums.values()].filter((pay) => pay > 0)
}

export const fairnessMetrics = metricsIn("fairness", [
  {
    name: "earnings.gini",
    label: "Gini of pay",
    unit: "index",
    meaning: "Gini of pay per online hour (0: all equal)",
    base: ofSettled,
    valueOf: ofPay(gini),
  },
  {
    name: "earnings.jain",
    label: "Jain's fairness of pay",
    unit: "index",
    meaning: "Jain's fairness of pay per online hour (1: all equal)",
    base: ofSettled,
    valueOf: ofPay(jainIndex),
  },
  {
    name: "earnings.hhi",
    label: "Concentration of pay",
    unit: "index",
    meaning: "Herfindahl–Hirschman index of operators' shares of all pay (1: one has it all)",
    base: "operators that were paid",
    valueOf: (window) => {
      const pay = payByOperator(window)
      return pay.length === 0 ? NaN : herfindahlIndex(pay)
    },
  },
  {
    name: "earnings.chaserRatio",
    label: "Bounty chasers' pay",
    unit: "ratio",
    meaning: "Pay per online hour of operators who chase bounties ÷ that of the others",
    base: "pay of the others",
    valueOf: ({ nodes, strategies }) => {
      const isChaser = ({ node }: NodeOutcome) => strategies[node] === "bounty"
      const hourly = (own: ReadonlyArray<NodeOutcome>) =>
        own.reduce((sum, node) => sum + payOf(node), 0) /
        own.reduce((sum, { onlineHours }) => sum + onlineHours, 0)
      return hourly(nodes.filter(isChaser)) / hourly(nodes.filter((node) => !isChaser(node)))
    },
  },
])

/** How the operators of each strategy fare, where a scenario mixes them. */
export const strategyMetrics = (names: ReadonlyArray<string>) =>
  metricsIn(
    "strategies",
    names.map((name) => ({
      name: `profit.by.${name}`,
      label: `Left to ${name}`,
      unit: "credits/d",
      meaning: `Pay less cost of a node and day, strategy ${name}`,
      base: "days on the market's books, online or not",
      ...gainOrLoss,
      valueOf: (window) => {
        const { nodes, strategies, minor } = window
        const theirs = nodes.filter(({ node }) => strategies[node] === name)
        const profit = theirs.reduce((sum, node) => sum + payOf(node) / minor - node.costCredits, 0)
        return profit / theirs.reduce((sum, node) => sum + daysPresent(node, window), 0)
      },
    })),
  )

/** Days of the window on the market's books, online or not. */
export const daysPresent = (
  { joinedSeconds, leftSeconds }: NodeOutcome,
  { fromDay, days }: Window,
): number => {
  const from = Math.max(joinedSeconds / daySeconds, fromDay)
  const until = Math.min(fromDay + days, (leftSeconds ?? Infinity) / daySeconds)
  return Math.max(0, until - from)
}
