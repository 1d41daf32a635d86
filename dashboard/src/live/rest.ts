/** What does not come over the socket. */

/** The answer of the API to a GET; null if there is none. When it was not there it is asked again with the next connection. */
export async function ask<Answer>(path: string): Promise<Answer | null> {
  try {
    const answer = await fetch(path);
    return answer.ok ? ((await answer.json()) as Answer) : null;
  } catch {
    return null;
  }
}
