/** Swarms of providers: their sizes, what members report beside what was measured, and one's own part. */
import { ask } from "./api.js"
import { announce, byId, element, field, fill, onSubmit, table } from "./dom.js"
import { count, credits, percent } from "./format.js"
import { problemOf } from "./hours.js"

const names = {
  load_balancing: "Load balancing",
  intelligence: "Market intelligence",
  pricing: "Pricing",
}
const meanings = {
  load_balancing:
    "Machines of active members share a queue; who shares its performance sees the others’.",
  intelligence: "Members say what they see of the market; all are told how many say so.",
  pricing: "What members do about their base rates.",
}
const topics = {
  current_demand: "Demand",
  price_trends: "Prices",
  resource_constraints: "Short of",
  competitive_landscape: "Competition",
}
const plainWord = (word) => (word === "gpu_memory" ? "GPU memory" : word)

export const showSwarms = () => {
  const place = byId("swarms")
  const parts = element("div")
  const problem = element("p", { class: "problem", role: "alert" })
  fill(place, problem, parts)
  const look = async () => {
    const [swarms, session] = await Promise.all([ask("GET", "swarms"), ask("GET", "session")])
    fill(parts, swarmTable(swarms, session.account !== null, act), ...reportsOf(swarms))
    if (session.account === null)
      parts.append(
        element(
          "p",
          {},
          "To join one, sign in with your account’s key on ",
          element("a", { href: "#account" }, "My account"),
          ".",
        ),
      )
    else parts.append(...ownParts(swarms, act))
  }
  const act = async (path, words) => {
    problem.textContent = ""
    try {
      await ask("POST", `swarms/${path}`, words)
      announce("Done")
    } catch (error) {
      problem.textContent = error.message
    }
    await look()
  }
  void look().catch((error) => fill(parts, problemOf(error)))
  return () => {}
}

const pricingText = {
  off: "Off: every provider sets its own prices.",
  advisory: "A past mean is told, of enough parties and a day old.",
  binding: "Once a day every member’s base rate becomes the members’ median. That is a cartel.",
}

const swarmTable = ({ data, own, pricing }, isSignedIn, act) =>
  table(
    "Swarms",
    [
      {
        title: "Swarm",
        cell: ({ swarm }) => [
          names[swarm] ?? swarm,
          element("small", {}, swarm === "pricing" ? pricingText[pricing] : meanings[swarm]),
        ],
      },
      { title: "Members", align: "number", cell: ({ members }) => count(members) },
      {
        title: "You",
        cell: ({ swarm, is_open: isOpen }) => {
          const mine = own?.memberships.find((one) => one.swarm === swarm)
          if (!isOpen) return element("span", { class: "chip busy" }, "off")
          if (!isSignedIn) return "–"
          const shares = mine?.data_sharing === "performance_metrics"
          return [
            mine === undefined
              ? "not a member"
              : element("span", { class: "chip good" }, shares ? "member, shares" : "member"),
            element(
              "div",
              { class: "choices" },
              mine === undefined
                ? button("Join", () => act(`${swarm}/join`, {}))
                : [
                    swarm === "load_balancing" &&
                      button(shares ? "Share no more" : "Share performance", () =>
                        act(`${swarm}/join`, {
                          contribution_level: mine.contribution_level,
                          data_sharing: shares ? "none" : "performance_metrics",
                        }),
                      ),
                    button("Leave", () => act(`${swarm}/leave`)),
                  ],
            ),
          ]
        },
      },
    ],
    data,
    "There are no swarms here.",
  )

const button = (title, click) =>
  element("button", { type: "button", class: "quiet", click: () => void click() }, title)

const reportsOf = ({ reported, measured, needed_parties: needed, advice }) => [
  element("h2", {}, "What members report"),
  table(
    "Reports of members",
    [
      { title: "Of", cell: ([topic]) => topics[topic] ?? topic },
      {
        title: "Parties that say so",
        cell: ([, counts]) =>
          counts === null
            ? element(
                "small",
                {},
                needed === 1
                  ? "Nobody has said anything."
                  : `Told from ${needed} parties on: fewer have said anything.`,
              )
            : countsText(counts),
      },
    ],
    Object.entries(reported),
    "",
  ),
  element(
    "p",
    {},
    `Measured meanwhile: ${percent(measured.use)} of the machines’ hours in use, ${percent(measured.mean_use)} over a week.`,
  ),
  advice !== null &&
    element(
      "p",
      {},
      `On ${advice.day} members were paid ${credits(advice.rate_per_hour)} credits an hour on average.`,
    ),
]

/** What most say first. */
const countsText = (counts) =>
  Object.entries(counts)
    .toSorted(([, one], [, other]) => other - one)
    .map(([word, parties]) => `${plainWord(word)} ${parties}`)
    .join(", ")

const ownParts = ({ own, pricing }, act) => {
  const isIn = (swarm) => own.memberships.some((one) => one.swarm === swarm)
  return [
    own.performance !== null &&
      own.performance.length > 0 && [
        element("h2", {}, "How the others do"),
        table(
          "Performance that members share",
          [
            { title: "Account", cell: ({ account_id: id }) => element("code", {}, id) },
            {
              title: "Known for",
              align: "number",
              cell: ({ overall_score: score }) => percent(score),
            },
          ],
          own.performance,
          "",
        ),
      ],
    own.proposals.length > 0 && [
      element("h2", {}, "Proposed rates"),
      table(
        "Proposed rates",
        [
          { title: "By", cell: ({ account_id: id }) => element("code", {}, id) },
          {
            title: "Credits an hour",
            align: "number",
            cell: ({ proposed_base_rate: rate }) => credits(rate),
          },
          { title: "Why", cell: ({ rationale }) => rationale ?? "–" },
          { title: "Expected", cell: ({ expected_impact: impact }) => impact ?? "–" },
        ],
        own.proposals,
        "",
      ),
    ],
    isIn("intelligence") && reportForm(act),
    isIn("pricing") && pricing === "binding" && proposalForm(act),
  ]
    .flat()
    .filter((one) => one !== false)
}

const choiceOf = (words) =>
  element(
    "select",
    {},
    element("option", { value: "" }, "–"),
    words.map((word) => element("option", { value: word }, plainWord(word))),
  )

const reportForm = (act) => {
  const choices = {
    current_demand: choiceOf(["low", "moderate", "high"]),
    price_trends: choiceOf(["decreasing", "stable", "increasing"]),
    resource_constraints: choiceOf(["none", "gpu_memory", "compute", "network"]),
    competitive_landscape: choiceOf(["low", "moderate", "high"]),
  }
  const form = element(
    "form",
    { class: "panel" },
    element("h2", {}, "Report what you see"),
    Object.entries(choices).map(([topic, choice]) => field(topics[topic], choice)),
    element("button", { type: "submit" }, "Report"),
  )
  return onSubmit(form, () =>
    act(
      "intelligence/data",
      Object.fromEntries(
        Object.entries(choices).flatMap(([topic, { value }]) =>
          value === "" ? [] : [[topic, value]],
        ),
      ),
    ),
  )
}

const proposalForm = (act) => {
  const rate = element("input", {
    type: "text",
    inputmode: "decimal",
    pattern: String.raw`\d{1,16}(\.\d{1,9})?`,
    required: true,
    autocomplete: "off",
  })
  const rationale = element("input", { type: "text", maxlength: "1000", autocomplete: "off" })
  const form = element(
    "form",
    { class: "panel" },
    element("h2", {}, "Propose a rate"),
    field("Credits an hour", rate, "For each job: what all members should ask."),
    field("Why", rationale, "For the other members."),
    element("button", { type: "submit" }, "Propose"),
  )
  return onSubmit(form, () =>
    act("pricing/proposals", {
      proposed_base_rate: rate.value,
      ...(rationale.value === "" ? {} : { rationale: rationale.value }),
    }),
  )
}
