export type { Config, ReadsRule, SecretConfig, SourceKind, SourceSpec } from './config.ts'
