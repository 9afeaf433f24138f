/** One's own bookings, as consumer and as provider, with the step of their escrow and what can be done. */
import { ask } from "./api.js"
import { announce, byId, copyButton, element, fill, table } from "./dom.js"
import { credits } from "./format.js"
import { problemOf } from "./hours.js"
import { forSignedIn } from "./sign-in.js"

const refreshMillis = 5000

export const showBookings = () => forSignedIn(byId("bookings"), "account", showKnown)

const showKnown = (place) => {
  const list = element("div")
  const problem = element("p", { class: "problem", role: "alert" })
  fill(place, problem, list)
  const refresh = async () => {
    const { data } = await ask("GET", "marketplace/bookings?limit=100")
    // Whoever is choosing what to do is not disturbed.
    if (!list.contains(document.activeElement)) fill(list, bookingTable(data, act))
  }
  const act = async (booking, deed, words) => {
    problem.textContent = ""
    try {
      await ask("POST", `marketplace/bookings/${booking.booking_id}/${deed}`, words)
      announce(`Done: ${deed}`)
    } catch (error) {
      problem.textContent = error.message
    }
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    await refresh().catch(() => {})
  }
  const look = () => void refresh().catch((error) => fill(list, problemOf(error)))
  look()
  const timer = setInterval(look, refreshMillis)
  return () => clearInterval(timer)
}

const steps = ["held", "granted", "active", "awaiting_confirmation"]
const words = {
  held: "held",
  granted: "access asked for",
  active: "running",
  awaiting_confirmation: "to be confirmed",
  disputed: "in dispute",
  awaiting_ruling: "to be ruled on",
  released: "released",
  cancelled: "cancelled",
  no_show: "did not show up",
  split: "divided",
}
const moods = {
  released: "good",
  active: "good",
  disputed: "bad",
  no_show: "bad",
  awaiting_ruling: "bad",
}

const when = (iso) =>
  new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })

/** The way of the money: how far it has come. */
export const escrowLine = ({
  escrow,
  held,
  paid,
  refund,
  penalty,
  confirm_by: confirmBy,
  deadline,
}) => {
  const place = steps.indexOf(escrow)
  return [
    element("span", { class: `chip ${moods[escrow] ?? "busy"}` }, words[escrow] ?? escrow),
    place >= 0 && element("small", {}, `Step ${place + 1} of ${steps.length + 1}`),
    element(
      "small",
      {},
      [
        Number(held) > 0 && `${credits(held)} held`,
        Number(paid) > 0 && `${credits(paid)} paid`,
        Number(refund) > 0 && `${credits(refund)} given back`,
        Number(penalty) > 0 && `${credits(penalty)} penalty`,
      ]
        .filter((part) => part !== false)
        .join(", "),
    ),
    confirmBy !== null && element("small", {}, `To be confirmed by ${when(confirmBy)}`),
    deadline !== null && element("small", {}, `Until ${when(deadline)}`),
  ]
}

const bookingTable = (bookings, act) =>
  table(
    "My bookings",
    [
      {
        title: "Machine",
        cell: ({ gpu, gpu_id: id, side, kind }) => [
          element("a", { href: `#gpu/${id}` }, gpu),
          element(
            "small",
            {},
            `${side === "provider" ? "sold" : side === "both" ? "own" : "bought"}${kind === "hours" ? "" : `, ${kind}`}`,
          ),
        ],
      },
      {
        title: "When",
        cell: ({ start, hours }) => [
          element("span", { class: "when" }, when(start)),
          element("small", {}, `${Math.round(hours * 100) / 100} h`),
        ],
      },
      { title: "Price", align: "number", cell: ({ price }) => credits(price) },
      { title: "Escrow", cell: escrowLine },
      { title: "Access", cell: accessOf },
      { title: "Do", cell: (booking) => deedsOf(booking, act) },
    ],
    bookings,
    "No bookings yet: “Hours” shows what can be booked.",
  )

const accessOf = ({ access }) =>
  access === null ? "–" : [element("code", {}, access), copyButton(() => access)]

const isOver = (escrow) => ["released", "cancelled", "no_show", "split"].includes(escrow)

const starsOf = (stars) =>
  element(
    "span",
    { role: "img", "aria-label": `${stars} of 5 stars` },
    `${"★".repeat(stars)}${"☆".repeat(5 - stars)}`,
  )

const starsChoice = (booking, act) => {
  const choice = element(
    "select",
    { "aria-label": `Rate ${booking.gpu}` },
    element("option", { value: "" }, "Rate it…"),
    [5, 4, 3, 2, 1].map((stars) =>
      element("option", { value: String(stars) }, `${stars} ${stars === 1 ? "star" : "stars"}`),
    ),
  )
  choice.addEventListener("change", () => {
    if (choice.value !== "") void act(booking, "rating", { stars: Number(choice.value) })
  })
  return choice
}

const deedsOf = (booking, act) => {
  const { escrow, side, disputed_by: disputedBy, is_answered: isAnswered } = booking
  const isConsumer = side !== "provider"
  const button = (title, deed, asks) =>
    element(
      "button",
      {
        type: "button",
        class: "quiet",
        click: () => {
          const statement = asks ? prompt("What happened?") : undefined
          if (statement === null) return
          void act(booking, deed, asks ? (statement === "" ? {} : { statement }) : undefined)
        },
      },
      title,
    )
  const isOther = disputedBy !== null && (side === "both" || disputedBy !== side)
  const deeds = [
    (escrow === "held" || escrow === "granted") && button("Cancel", "cancel", false),
    escrow === "active" && button("End", "end", false),
    escrow === "awaiting_confirmation" && isConsumer && button("Confirm", "confirm", false),
    (escrow === "active" || escrow === "awaiting_confirmation") &&
      button("Dispute", "dispute", true),
    isConsumer && isOver(escrow) && booking.stars === null && starsChoice(booking, act),
    booking.stars !== null && starsOf(booking.stars),
    escrow === "disputed" && isOther && !isAnswered && button("Answer", "answer", true),
  ].filter((one) => one !== false)
  return deeds.length === 0 ? "–" : element("div", { class: "choices" }, deeds)
}
