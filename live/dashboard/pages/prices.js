/** Where hosts set prices: what is asked for each model, and the price of one's own hosts. */
import { ask } from "./api.js"
import { announce, element, field, fill, onSubmit, table } from "./dom.js"
import { count, perMillion } from "./format.js"

/** What hosts ask, by model; undefined where the platform sets the prices. */
export const ratesNow = async () => {
  const { prices_set_by: setBy } = await ask("GET", "market")
  return setBy === "host" ? (await ask("GET", "market/rates")).data : undefined
}

const rate = (title, name) => ({
  title,
  align: "number",
  cell: (rates) => perMillion(rates[name]),
})

/** What is asked for a million tokens, from the least to the most. */
export const ratesTable = (rates) =>
  table(
    "What hosts ask for a million tokens, in credits",
    [
      { title: "Model", cell: ({ model }) => model },
      { title: "Hosts", align: "number", cell: ({ hosts }) => count(hosts) },
      rate("Least", "min"),
      rate("A quarter ask at most", "lower_quartile"),
      rate("The middle", "median"),
      rate("A quarter ask at least", "upper_quartile"),
      rate("Most", "max"),
    ],
    rates,
    "No host that is heard of asks a price yet.",
  )

/** Shows the prices of one's own hosts beside the market's, with a form to ask another. */
export const showPrices = async (place, hosts) => {
  const rates = await ratesNow()
  if (rates === undefined || hosts.length === 0) return fill(place)
  const own = await Promise.all(
    hosts.map(({ host_id }) => ask("GET", `hosts/${encodeURIComponent(host_id)}`)),
  )
  fill(
    place,
    element("h2", {}, "Prices"),
    ratesTable(rates),
    ownTable(own),
    priceForm(own, () => showPrices(place, hosts)),
  )
}

const ownTable = (hosts) =>
  table(
    "What my hosts ask for a million tokens, in credits",
    [
      { title: "Host", cell: ({ host }) => host.name },
      { title: "Model", cell: ({ served }) => served.model },
      {
        title: "Asks",
        align: "number",
        cell: ({ served }) => perMillion(served.output_price_per_token),
      },
    ],
    hosts.flatMap((host) => host.models.map((served) => ({ host, served }))),
    "Your hosts serve no model.",
  )

const priceForm = (hosts, changed) => {
  const host = element(
    "select",
    {},
    hosts.map(({ host_id, name }) => element("option", { value: host_id }, name)),
  )
  const price = element("input", {
    type: "text",
    inputmode: "decimal",
    required: true,
    placeholder: "0.00012",
  })
  const form = element(
    "form",
    { class: "panel" },
    field("Host", host),
    field(
      "Credits per output token",
      price,
      "Three digits at most, after zeros; for all its models.",
    ),
    element("p", {}, element("button", {}, "Ask this price")),
  )
  return onSubmit(form, async () => {
    await ask("PATCH", `hosts/${encodeURIComponent(host.value)}/price`, {
      price_per_token: price.value.trim(),
    })
    announce("The price is changed.")
    await changed()
  })
}
