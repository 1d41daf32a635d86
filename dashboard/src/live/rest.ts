/** What does not come over the socket. */

export type Got<Answer> =
  | { is: 'there'; value: Answer }
  /** `status` 0: nobody answered. */
  | { is: 'failed'; status: number; message: string };

/** The answer of the API to a GET; null if there is none. When it was not there it is asked again with the next connection. */
export async function ask<Answer>(path: string): Promise<Answer | null> {
  const got = await get<Answer>(path);
  return got.is === 'there' ? got.value : null;
}

/** The answer of the API to a GET, or why there is none. */
export async function get<Answer>(path: string): Promise<Got<Answer>> {
  try {
    const answer = await fetch(path);
    const content = (await answer.json()) as Answer & { message?: string };
    if (answer.ok) return { is: 'there', value: content };
    return { is: 'failed', status: answer.status, message: content.message ?? '' };
  } catch {
    return { is: 'failed', status: 0, message: '' };
  }
}

/** A file goes to the API as it is. It is sent once. */
export async function sendFile<Answer>(path: string, file: Blob): Promise<Got<Answer>> {
  return answered<Answer>(path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: file });
}

/** Something is changed that is no command of the desk. `revision`: what the person saw. It is sent once; `signal` drops it. */
export async function send<Answer>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  revision?: number,
  signal?: AbortSignal,
): Promise<Got<Answer>> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (revision !== undefined) headers['if-match'] = `"${revision}"`;
  return answered<Answer>(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function answered<Answer>(path: string, init: RequestInit): Promise<Got<Answer>> {
  try {
    const answer = await fetch(path, init);
    const content = (await answer.json().catch(() => ({}))) as Answer & { message?: string };
    if (answer.ok) return { is: 'there', value: content };
    return { is: 'failed', status: answer.status, message: content.message ?? '' };
  } catch {
    return { is: 'failed', status: 0, message: '' };
  }
}
