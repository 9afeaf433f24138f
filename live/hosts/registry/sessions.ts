/**
 * Who serves for a host: agents, each of them a session of its own from its start to its end. Several
 * may serve for one host at once, as in a rolling update, where the new agent is up before the old one
 * leaves. A drain belongs to a session: it takes no more jobs itself, and the host goes on for the
 * others. Only where every session that is heard of drains does the host drain.
 *
 * A session that has not been heard of for a while is over; nothing of it is kept outside the memory.
 * An agent that names no session is one that knows of none: all such agents are one session.
 */

/** What an agent that names none counts as. */
export const nameless = ""

export interface SessionSeen {
  readonly session: string
  readonly heardMicros: number
  readonly isDraining: boolean
}

export interface Sessions {
  /** A sign of life; `isDraining` absent: as it was. Gives whether it drains. */
  readonly heard: (
    host: number,
    session: string,
    nowMicros: number,
    isDraining?: boolean,
  ) => boolean
  /**
   * Until when some session is known to take jobs, if none of them is heard of again; `undefined`: none
   * takes any now.
   */
  readonly takesUntil: (host: number, nowMicros: number) => number | undefined
  /** Whether a session may be handed a job: it does not drain, or nobody else would take it. */
  readonly mayTake: (host: number, session: string, nowMicros: number) => boolean
  /** The one heard of last comes first. */
  readonly of: (host: number, nowMicros: number) => ReadonlyArray<SessionSeen>
  readonly forget: (host: number) => void
}

interface Session {
  heardMicros: number
  isDraining: boolean
}

/** Names are the host's to choose: how many are remembered is not. */
const mostSessions = 64

export const makeSessions = (silentMicros: number): Sessions => {
  const hosts = new Map<number, Map<string, Session>>()

  /** Those that are heard of; the others are forgotten. */
  const living = (host: number, nowMicros: number): ReadonlyMap<string, Session> => {
    const sessions = hosts.get(host)
    if (sessions === undefined) return new Map()
    for (const [name, { heardMicros }] of sessions)
      if (heardMicros + silentMicros <= nowMicros) sessions.delete(name)
    if (sessions.size === 0) hosts.delete(host)
    return sessions
  }
  const takesUntil: Sessions["takesUntil"] = (host, nowMicros) => {
    let until: number | undefined
    for (const { heardMicros, isDraining } of living(host, nowMicros).values())
      if (!isDraining) until = Math.max(until ?? 0, heardMicros + silentMicros)
    return until
  }
  return {
    heard: (host, name, nowMicros, isDraining) => {
      living(host, nowMicros)
      const sessions = hosts.get(host) ?? new Map<string, Session>()
      hosts.set(host, sessions)
      const session = sessions.get(name) ?? { heardMicros: nowMicros, isDraining: false }
      session.heardMicros = nowMicros
      if (isDraining !== undefined) session.isDraining = isDraining
      // In the order in which they were heard of: the first is the one that is silent for longest.
      sessions.delete(name)
      sessions.set(name, session)
      const [longestSilent] = sessions.keys()
      if (sessions.size > mostSessions && longestSilent !== undefined)
        sessions.delete(longestSilent)
      return session.isDraining
    },
    takesUntil,
    mayTake: (host, name, nowMicros) =>
      living(host, nowMicros).get(name)?.isDraining !== true ||
      takesUntil(host, nowMicros) === undefined,
    of: (host, nowMicros) =>
      [...living(host, nowMicros)]
        .map(([session, { heardMicros, isDraining }]) => ({ session, heardMicros, isDraining }))
        .toReversed(),
    forget: (host) => {
      hosts.delete(host)
    },
  }
}
