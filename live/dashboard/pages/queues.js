/** Where calls wait, flow by flow: one's own, or for the platform everybody's. */
import { ask } from "./api.js"
import { byId, element, fill, table } from "./dom.js"
import { count } from "./format.js"
import { problemOf } from "./hours.js"
import { forSignedIn } from "./sign-in.js"

const refreshMillis = 5000

export const showQueues = () => forSignedIn(byId("queues"), "account", showKnown)

const showKnown = (place) => {
  const look = () =>
    void ask("GET", "marketplace/queues")
      .then(({ data }) => fill(place, queueTable(data), data.map(flowTable)))
      .catch((error) => fill(place, problemOf(error)))
  look()
  const timer = setInterval(look, refreshMillis)
  return () => clearInterval(timer)
}

const placeOf = ({ model, gpu_id: gpu }) =>
  gpu === null ? `${model ?? "–"}, any machine` : `${model ?? "–"} at ${gpu}`

const queueTable = (queues) =>
  table(
    "Where calls wait now",
    [
      { title: "Queue", cell: (queue) => placeOf(queue) },
      { title: "Waiting", align: "number", cell: ({ waiting }) => count(waiting) },
      { title: "Under way", align: "number", cell: ({ under_way: begun }) => count(begun) },
    ],
    queues,
    "No calls wait, and none that could have are under way.",
  )

const kinds = { none: "no tier", item: "items of batches" }

const flowTable = (queue) =>
  queue.flows.length > 0 &&
  element(
    "div",
    {},
    element("h2", {}, placeOf(queue)),
    table(
      `Flows at ${placeOf(queue)}`,
      [
        { title: "Account", cell: ({ account_id: account }) => account },
        { title: "Tier", cell: ({ kind }) => kinds[kind] ?? kind },
        { title: "Weight", align: "number", cell: ({ weight }) => count(weight) },
        { title: "Waiting", align: "number", cell: ({ waiting }) => count(waiting) },
        { title: "Under way", align: "number", cell: ({ under_way: begun }) => count(begun) },
        { title: "Charged", align: "number", cell: ({ charged }) => count(Math.round(charged)) },
      ],
      queue.flows,
      "",
    ),
  )
