import type { NextConfig } from "next";

const development = process.env.NODE_ENV === "development";

/**
 * What a page may load. Next starts its pages with inline scripts and styles; hot reload also evaluates and opens a socket.
 * Images may come from anywhere, because emails that are previewed (in frames without scripts) show theirs.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  `script-src 'self' 'unsafe-inline'${development ? " 'unsafe-eval'" : ""}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' https: http: data: blob:",
  "font-src 'self' data:",
  `connect-src 'self'${development ? " ws: wss:" : ""}`,
  "frame-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const config: NextConfig = {
  poweredByHeader: false,
  agentRules: false,
  devIndicators: { position: "bottom-right" },
  // Development would print what actions are given, and forms carry tokens and passwords.
  logging: { serverFunctions: false },
  // A definition may carry bodies of up to 1 MB; Next would stop a save from the builder at that size.
  experimental: { serverActions: { bodySizeLimit: "3mb" } },
  serverExternalPackages: ["pg", "@prisma/client", "@prisma/adapter-pg", "postmark", "nodemailer", "liquidjs"],
  // Started on this address by tests and the front door; Next's own development requests come from there too.
  allowedDevOrigins: ["127.0.0.1", "localhost"],
  headers: async () => [
    {
      source: "/:path*",
      headers: [
        { key: "Content-Security-Policy", value: contentSecurityPolicy },
        { key: "X-Content-Type-Options", value: "nosniff" },
        { key: "X-Frame-Options", value: "DENY" },
        { key: "Referrer-Policy", value: "same-origin" },
        { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=()" },
      ],
    },
  ],
};

export default config;
