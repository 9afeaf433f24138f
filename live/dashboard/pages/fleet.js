/** Every host of the market, and one of them: what anyone may see. */
import { ask } from "./api.js"
import { byId, element, fill, table } from "./dom.js"
import { count, moment, mood, percent, perMillion, standing } from "./format.js"

const hostsAPage = 50
const refreshMillis = 10_000
const statusMoods = { active: "good", draining: "busy", leaving: "busy", inactive: "bad" }

const problemOf = (error) => element("p", { class: "problem", role: "alert" }, error.message)

const filters = {
  all: {
    title: "All",
    query: "",
    empty: "There are no hosts yet: “Register a host” gives you the command that makes one.",
  },
  good: {
    title: "Serving",
    query: "&standing=good",
    empty: "No host serves all of its models now.",
  },
  troubled: {
    title: "In trouble",
    query: "&standing=troubled",
    empty: "No host is in trouble.",
  },
}

export const showFleet = () => {
  const place = byId("fleet")
  const list = element("div")
  let asked = "all"
  const buttons = Object.entries(filters).map(([name, { title }]) =>
    element(
      "button",
      { type: "button", class: "quiet", "aria-pressed": String(name === asked), value: name },
      title,
    ),
  )
  for (const button of buttons)
    button.addEventListener("click", () => {
      asked = button.value
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button))
      begin()
    })
  let shown = []
  const more = async (cursor) => {
    const filter = asked
    const { query, empty } = filters[filter]
    const page = await ask(
      "GET",
      `hosts?limit=${hostsAPage}${query}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    if (filter !== asked) return
    shown.push(...page.data)
    fill(
      list,
      hostTable(shown, empty),
      page.next_cursor === null
        ? undefined
        : element(
            "button",
            { type: "button", class: "quiet", click: () => void more(page.next_cursor) },
            "More hosts",
          ),
    )
  }
  const begin = () => {
    shown = []
    void more(null).catch((error) => fill(list, problemOf(error)))
  }
  fill(
    place,
    element(
      "div",
      { class: "controls" },
      element("div", { class: "choices", role: "group", "aria-label": "Which hosts" }, buttons),
      element("a", { href: "#register", class: "button" }, "Register a host"),
    ),
    list,
  )
  begin()
}

const statusChip = (status) => element("span", { class: `chip ${statusMoods[status]}` }, status)

const hostTable = (hosts, empty) =>
  table(
    "Hosts of the market",
    [
      {
        title: "Host",
        cell: ({ name, host_id: id, gpu }) => [
          element("a", { href: `#host/${id}` }, name),
          element("small", {}, gpu ?? ""),
        ],
      },
      { title: "Status", cell: ({ status }) => statusChip(status) },
      {
        title: "Models",
        cell: ({ models }) =>
          models.map(({ model, reason }) =>
            element(
              "p",
              { class: "line" },
              `${model} `,
              element("span", { class: `chip ${mood(reason)}` }, standing(reason)),
            ),
          ),
      },
      {
        title: "In use",
        align: "number",
        cell: ({ load, in_flight: calls }) => [
          percent(load),
          element("small", {}, `${count(calls)} calls now`),
        ],
      },
      { title: "Calls served", align: "number", cell: (one) => count(one.total_jobs_completed) },
    ],
    hosts,
    empty,
  )

/** @param {string} id */
export const showHost = (id) => {
  const place = byId("host")
  const title = byId("title-host")
  title.textContent = "Host"
  fill(place)
  const refresh = async () => {
    try {
      const host = await ask("GET", `hosts/${encodeURIComponent(id)}`)
      title.textContent = host.name
      fill(place, facts(host), element("h2", {}, "Models"), modelTable(host.models))
    } catch (error) {
      clearInterval(timer)
      fill(place, problemOf(error))
    }
  }
  const timer = setInterval(refresh, refreshMillis)
  void refresh()
  return () => clearInterval(timer)
}

const facts = (host) =>
  element(
    "div",
    { class: "panel" },
    element("p", {}, statusChip(host.status), " ", element("code", {}, host.host_id)),
    element(
      "p",
      {},
      [
        host.gpu,
        `since ${moment(host.created_at)}`,
        `${count(host.total_jobs_completed)} calls served`,
        `${percent(host.load)} in use`,
      ]
        .filter((one) => one !== null)
        .join(" · "),
    ),
  )

const modelTable = (models) =>
  table(
    "Models of the host",
    [
      { title: "Model", cell: ({ model }) => model },
      {
        title: "Standing",
        cell: ({ reason }) => element("span", { class: `chip ${mood(reason)}` }, standing(reason)),
      },
      {
        title: "Calls at once",
        align: "number",
        cell: (one) => [
          `${count(one.in_flight)} of ${count(one.capacity)}`,
          one.capacity < one.slots
            ? element("small", {}, `${count(one.slots)} once ramped up`)
            : undefined,
        ],
      },
      { title: "Tokens/s", align: "number", cell: (one) => count(one.tokens_per_second) },
      { title: "Health", align: "number", cell: ({ health }) => percent(health) },
      {
        title: "Price of a million tokens",
        align: "number",
        cell: (one) =>
          perMillion(
            one.kind === "embedding" ? one.input_price_per_token : one.output_price_per_token,
          ),
      },
      { title: "Calls served", align: "number", cell: (one) => count(one.jobs_completed) },
    ],
    models,
    "It serves no model now.",
  )
