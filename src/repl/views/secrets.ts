import { addSecret, redact, type StarClusterConfig } from '../../index.js'

const telling = /secret(?!s)|passw(?:or)?d|PasswordData|KeyMaterial|session_?token|access_?token|api_?key|credential/i

/** A value of this name is not to be shown. */
export function isSecretName(name: string): boolean {
  return telling.test(name)
}

/** A quoted text as `util.inspect` writes it, with or without colours, in one piece or several. */
const quoted = String.raw`(?:\x1b\[\d+m)?'(?:[^'\\\n]|\\.)*'(?:\x1b\[\d+m)?`
const namedText = new RegExp(String.raw`(\w+)('?: )${quoted}(?: \+\n\s*${quoted})*`, 'g')

/** `text` without secrets: those of the config and of the environment, private keys, and what is named like a secret. */
export function withoutSecrets(text: string, config: () => StarClusterConfig, env: NodeJS.ProcessEnv): string {
  const secrets = [env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN]
  try {
    const { aws } = config()
    secrets.push(aws?.awsSecretAccessKey, aws?.awsProxyPass)
  } catch {
    // A config that cannot be read has told nobody a secret; the next call says what is wrong with it.
  }
  for (const secret of secrets) if (secret) addSecret(secret)
  return redact(
    text.replace(namedText, (whole, name: string, colon: string) =>
      isSecretName(name) ? `${name}${colon}'****'` : whole,
    ),
  )
}
