/** The market now, by server-sent events. */
import { ask } from "./api.js"
import { byId, drawing, element, fill, table } from "./dom.js"
import {
  clockTime,
  count,
  duration,
  mood,
  percent,
  perMillion,
  roundedCredits,
  standing,
} from "./format.js"
import { showHistory } from "./history.js"
import { ratesNow, ratesTable } from "./prices.js"

const newsKept = 30
const troublesEveryMillis = 5000
const troublesShown = 100
const ratesEveryMillis = 10_000

export const showMarket = () => {
  const live = byId("live")
  const events = new EventSource("events")
  events.addEventListener("open", () => say(live, "Live", true))
  events.addEventListener("error", () => say(live, "Connection lost, trying again…", false))
  events.addEventListener("market", ({ data }) => showState(JSON.parse(data)))
  events.addEventListener("park", ({ data }) => {
    const { host, model, recovers_in_seconds } = JSON.parse(data)
    addNews(`${host} is parked for ${model}, for ${duration(recovers_in_seconds)} at least.`)
    void showTroubles()
  })
  events.addEventListener("announce", ({ data }) => {
    const { model, bounty_multiplier } = JSON.parse(data)
    addNews(`The bounty on ${model} is ×${bounty_multiplier.toFixed(2)} now.`)
  })
  events.addEventListener("audit", ({ data }) => {
    const { host, finding } = JSON.parse(data)
    addNews(`${host ?? "A host"}: ${findings[finding] ?? finding}.`)
  })
  if (byId("news").childElementCount === 0)
    fill(byId("news"), element("li", { class: "empty" }, "Nothing yet."))
  void showTroubles()
  const endHistory = showHistory(byId("past"))
  void showRates()
  const timers = [
    setInterval(showTroubles, troublesEveryMillis),
    setInterval(showRates, ratesEveryMillis),
  ]
  return () => {
    events.close()
    endHistory()
    for (const timer of timers) clearInterval(timer)
  }
}

/** Where hosts set prices, what they ask. */
const showRates = async () => {
  const title = byId("title-rates")
  // A gateway's economy stays what it is: one whose prices are the platform's is asked once.
  if (title.dataset["setBy"] === "platform") return
  // What cannot be had now is asked for again.
  const rates = await ratesNow().catch(() => null)
  if (rates === null) return
  if (rates === undefined) {
    title.dataset["setBy"] = "platform"
    return
  }
  title.hidden = false
  keepingScroll(byId("rates"), ratesTable(rates))
}

const findings = {
  OverReported: "it claimed more tokens than it delivered",
  CredentialRefused: "its provider refuses its token",
}

const say = (live, text, isLive) => {
  if (live.textContent !== text) live.textContent = text
  live.classList.toggle("on", isLive)
}

const addNews = (text) => {
  const list = byId("news")
  list.querySelector(".empty")?.remove()
  list.prepend(element("li", {}, element("time", {}, clockTime(Date.now())), ` ${text}`))
  while (list.childElementCount > newsKept) list.lastElementChild?.remove()
}

const showState = (state) => {
  const { finished, failed, refused, tokens_per_second } = state.last_minute
  showRefusals(state)
  fill(
    byId("figures"),
    figure("Requests a minute", count(finished + failed + refused), callsNote(failed, refused)),
    figure("Tokens a second", count(tokens_per_second), "served over the last minute"),
    figure("Calls under way", count(state.open_calls)),
    figure("Hosts online", count(state.hosts.online), `of ${count(state.hosts.known)} known`),
    figure(
      "Breakers open",
      count(state.breakers.open + state.breakers.halfOpen),
      `${count(state.breakers.closed)} closed`,
    ),
    figure("Bounty pool", roundedCredits(state.bounty_pool), "credits"),
  )
  const models = state.models.toSorted(
    (a, b) =>
      b.served_tokens_per_second - a.served_tokens_per_second || a.model.localeCompare(b.model),
  )
  keepingScroll(byId("models"), modelTable(models))
}

/** A table that is drawn again keeps where its reader was. */
const keepingScroll = (place, fresh) => {
  const before = place.firstElementChild
  const isFocused = before !== null && document.activeElement === before
  const left = before?.scrollLeft ?? 0
  fill(place, fresh)
  fresh.scrollLeft = left
  if (isFocused) fresh.focus({ preventScroll: true })
}

/** What a refusal means to whoever looks at the market. */
const refusalWords = {
  NoCapacity: "no host had room: full, ramping up, or paused",
  NoInstance: "no host serves the model now",
  InsufficientCredits: "the caller's credits did not cover the longest answer",
  PriceTooHigh: "the caller's highest price is below the model's",
  AttemptFailed: "every host that was tried failed",
  Expired: "their batch was over first",
  QueueFull: "as many waited as may",
  QueueTimeout: "waited in vain",
  Withdrawn: "were left while they waited",
}

const showRefusals = ({ models, last_minute: last }) => {
  const reasons = Object.entries(last.refused_by_reason).toSorted(([, a], [, b]) => b - a)
  const ramping = models.filter((one) => one.held_back_tokens_per_second >= 0.5)
  fill(
    byId("refusals"),
    table(
      "Calls refused in the last minute, by reason",
      [
        {
          title: "Reason",
          cell: ([reason]) => [reason, element("small", {}, refusalWords[reason] ?? "")],
        },
        { title: "Calls", align: "number", cell: ([, number]) => count(number) },
        {
          title: "Of all calls",
          align: "number",
          cell: ([, number]) => percent(number / (last.finished + last.failed + last.refused)),
        },
      ],
      reasons,
      "No call was refused in the last minute.",
    ),
    reasons.length === 0 || ramping.length === 0
      ? undefined
      : element(
          "p",
          {},
          element(
            "small",
            {},
            `New hosts get a part of their calls at first. Of ${ramping.map(({ model }) => model).join(", ")}, ${count(ramping.reduce((sum, one) => sum + one.held_back_tokens_per_second, 0))} tokens/s are held back by that.`,
          ),
        ),
  )
}

const callsNote = (failed, refused) =>
  failed + refused === 0 ? "none failed" : `${count(failed)} failed, ${count(refused)} refused`

const figure = (title, value, note) =>
  element(
    "div",
    { class: "panel" },
    element("dt", {}, title),
    element("dd", {}, value, note === undefined ? undefined : element("small", {}, note)),
  )

const modelTable = (models) =>
  table(
    "Models of the market",
    [
      {
        title: "Model",
        cell: ({ model, kind }) => [model, kind === "embedding" ? tag("embeddings") : undefined],
      },
      {
        title: "Price of a million tokens",
        align: "number",
        cell: (one) =>
          one.kind === "embedding"
            ? perMillion(one.input_price_per_token)
            : [
                perMillion(one.output_price_per_token),
                element("small", {}, `${perMillion(one.input_price_per_token)} of the prompt`),
              ],
      },
      {
        title: "Supply, tokens/s",
        align: "number",
        cell: (one) => [
          count(one.supply_tokens_per_second),
          one.held_back_tokens_per_second < 0.5
            ? undefined
            : element(
                "small",
                {},
                `${count(one.held_back_tokens_per_second)} more once new hosts are ramped up`,
              ),
          one.is_bootstrapping
            ? element("small", {}, `bootstrap: new hosts start at ${percent(one.new_host_share)}`)
            : undefined,
        ],
      },
      {
        title: "Demand, tokens/s",
        align: "number",
        cell: (one) => [
          `${count(one.served_tokens_per_second)} served`,
          one.refused_last_minute === 0
            ? undefined
            : element(
                "small",
                { class: "out" },
                `${count(one.refused_last_minute)} of ${count(one.finished_last_minute + one.refused_last_minute)} calls a minute refused`,
              ),
          // Worked out at the turn of each hour: before the first, nothing is known.
          one.average_demand_tokens_per_second === 0
            ? undefined
            : element(
                "small",
                {},
                `${count(one.average_demand_tokens_per_second)} asked for, the day's average`,
              ),
        ],
      },
      { title: "In use", cell: (one) => usage(one.in_flight, one.capacity) },
      {
        title: "Bounty",
        align: "number",
        cell: ({ bounty_multiplier: bounty }) =>
          bounty > 1 ? element("strong", { class: "bounty" }, `×${bounty.toFixed(2)}`) : "none",
      },
      { title: "Instances", cell: ({ instances }) => chips(instances) },
    ],
    models,
    "No model is listed yet: the gateway’s configuration lists them, or an admin under “Admin”.",
  )

const tag = (text) => element("span", { class: "tag" }, text)

const usage = (inFlight, capacity) => {
  const share = capacity === 0 ? 0 : Math.min(1, inFlight / capacity)
  return [
    drawing(
      "svg",
      { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
      drawing("rect", { class: "rail", width: 100, height: 8 }),
      drawing("rect", { class: "level", width: 100 * share, height: 8 }),
    ),
    element("small", {}, `${count(inFlight)} of ${count(capacity)} (${percent(share)})`),
  ]
}

const chips = (instances) => {
  const found = Object.entries(instances)
  if (found.length === 0) return element("a", { href: "#register" }, "none: register a host")
  return element(
    "ul",
    { class: "chips" },
    found.map(([reason, number]) =>
      element("li", { class: `chip ${mood(reason)}` }, `${number} ${standing(reason)}`),
    ),
  )
}

const showTroubles = async () => {
  const { instances } = await ask("GET", "breakers").catch(() => ({ instances: undefined }))
  if (instances === undefined) return
  const troubled = instances.filter(({ reason }) => mood(reason) === "bad")
  keepingScroll(
    byId("troubles"),
    table(
      "Hosts that get no requests now",
      [
        {
          title: "Host",
          cell: ({ host, model }) => [host, element("small", {}, model)],
        },
        {
          title: "Standing",
          cell: ({ reason }) =>
            element("span", { class: `chip ${mood(reason)}` }, standing(reason)),
        },
        {
          title: "Comes back with",
          cell: ({ recovers, recovers_in_seconds: seconds }) => [
            recovers,
            seconds === null ? undefined : element("small", {}, `in ${duration(seconds)}`),
          ],
        },
      ],
      troubled.slice(0, troublesShown),
      instances.length === 0
        ? "No host serves a model yet: “Register a host” gives you the command that makes one."
        : "All hosts are in good standing.",
    ),
  )
}
