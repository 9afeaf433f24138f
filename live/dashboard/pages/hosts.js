/** One's own hosts: how they stand, and what they were paid (pay.js). */
import { ask } from "./api.js"
import { byId, element, fill, table } from "./dom.js"
import { count, duration, mood, percent, standing } from "./format.js"
import { forSignedIn } from "./sign-in.js"
import { showPay } from "./pay.js"
import { showPrices } from "./prices.js"

const refreshMillis = 10_000

export const showHosts = () => forSignedIn(byId("hosts"), "account", showKnown)

const showKnown = (place) => {
  const list = element("div")
  const earnings = element("div")
  const prices = element("div")
  fill(
    place,
    element("p", {}, element("a", { href: "#register", class: "button" }, "Register a host")),
    list,
    prices,
    earnings,
  )
  const refresh = async () => {
    try {
      const { data } = await ask("GET", "account/hosts")
      fill(list, hostTable(data))
      return data
    } catch (error) {
      clearInterval(timer)
      fill(list, element("p", { class: "problem", role: "alert" }, error.message))
      return undefined
    }
  }
  const timer = setInterval(refresh, refreshMillis)
  let hosts
  const redraw = () =>
    showPay(earnings, hosts ?? []).catch((error) =>
      fill(earnings, element("p", { class: "problem", role: "alert" }, error.message)),
    )
  const scheme = matchMedia("(prefers-color-scheme: dark)")
  scheme.addEventListener("change", redraw)
  const begin = async () => {
    hosts = await refresh()
    if (hosts === undefined) return
    await showPrices(prices, hosts).catch((error) =>
      fill(prices, element("p", { class: "problem", role: "alert" }, error.message)),
    )
    await redraw()
  }
  void begin()
  return () => {
    clearInterval(timer)
    scheme.removeEventListener("change", redraw)
  }
}

const hostMoods = { active: "good", draining: "busy", leaving: "busy", inactive: "bad" }

const hostTable = (hosts) =>
  table(
    "My hosts",
    [
      {
        title: "Host",
        cell: ({ name, host_id: id }) => [name, element("small", {}, element("code", {}, id))],
      },
      {
        title: "Status",
        cell: ({ status }) => element("span", { class: `chip ${hostMoods[status]}` }, status),
      },
      { title: "Models", cell: ({ models }) => [...models.map(modelLine), proxyLine(models)] },
      {
        title: "Calls now",
        align: "number",
        cell: ({ models }) => count(models.reduce((sum, one) => sum + one.in_flight, 0)),
      },
      {
        title: "Health",
        align: "number",
        cell: ({ models }) =>
          models.length === 0 ? "–" : percent(Math.min(...models.map(({ health }) => health))),
      },
    ],
    hosts,
    "You have no hosts yet: “Register a host” gives you the command that makes one.",
  )

const modelLine = ({ model, reason, ramp, recovers, recovers_in_seconds: seconds }) =>
  element(
    "p",
    { class: "line" },
    `${model} `,
    element("span", { class: `chip ${mood(reason)}` }, standing(reason)),
    recovers === null || reason === "Full"
      ? undefined
      : element(
          "small",
          {},
          `Comes back with ${recovers}${seconds === null ? "" : `, in ${duration(seconds)}`}.`,
        ),
    ramp < 1 ? element("small", {}, `Ramped up to ${percent(ramp)}.`) : undefined,
  )

/** What a proxy does to a host's uploads is nothing that its models could show. */
const proxyLine = (models) =>
  models.some((one) => one.uploads_held_back)
    ? element(
        "p",
        { class: "line" },
        element("span", { class: "chip bad" }, "uploads held back"),
        element(
          "small",
          {},
          "Its tokens arrive in one go: a proxy between keeps them until they are whole; see docs/proxies.md.",
        ),
      )
    : undefined
