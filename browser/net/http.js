/** Calls of the JSON API: answers are parsed, everything else becomes an ApiError. */

const TIMEOUT_MS = 20000;

/** @typedef {{code?: string, message?: string, agent?: {id: string, name: string} | null}} Refusal */

export class ApiError extends Error {
  /**
   * @param {number} status the HTTP status, 0 if no answer came
   * @param {Refusal} refusal
   * @param {number | null} retryAfterSeconds
   */
  constructor(status, { code = "UNKNOWN", message = "", ...details } = {}, retryAfterSeconds = null) {
    super(message || gettext("Something went wrong. Please try again."));
    this.status = status;
    this.code = code;
    this.details = details;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the same call may succeed later: nothing was refused, it just did not get through. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Call the API and return the parsed answer. Throws ApiError; nothing else.
 * @param {"GET" | "POST" | "PATCH"} method
 * @param {string} path
 * @param {object} [body]
 * @param {{keepalive?: boolean}} [options] keepalive: the call outlives its page
 * @returns {Promise<any>}
 */
export async function callApi(method, path, body = undefined, { keepalive = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const csrfToken = readCookie("__Host-csrftoken") ?? readCookie("csrftoken"); // under HTTPS, else
  if (csrfToken && method !== "GET") headers["X-CSRFToken"] = csrfToken;
  const sent = body === undefined ? body : JSON.stringify(body);
  const response = await send(path, { method, headers, body: sent, keepalive });
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    const retryAfter = Number(response.headers.get("Retry-After")) || null;
    throw new ApiError(response.status, answer?.error, retryAfter);
  }
  return answer;
}

/** What is thrown where no answer came. */
export const unreachable = () =>
  new ApiError(0, { code: "UNREACHABLE", message: gettext("The service cannot be reached. Please try again.") });

/** The HTTP status of a GET, 0 if no answer came. @param {string} path @returns {Promise<number>} */
export async function probeStatus(path) {
  try {
    await callApi("GET", path);
    return 200;
  } catch (error) {
    return /** @type {ApiError} */ (error).status;
  }
}

/** @param {string} name */
export function readCookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
}

/** @param {string} path @param {RequestInit} options */
async function send(path, options) {
  try {
    return await fetch(path, { ...options, credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw unreachable();
  }
}
