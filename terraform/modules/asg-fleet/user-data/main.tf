# What a machine does when it starts. It needs no provider, so that it can be rendered and run in tests.

locals {
  systemd = "${path.module}/../../../../deploy/systemd"

  # A variable is too open a place for a secret: systemd hands it over as a file that nobody else can read.
  credentials = {
    for name in keys(var.secrets) : lower(replace(name, "_", "-")) => name
  }
  drop_in = join("\n", concat(
    ["[Service]"],
    flatten([for file, name in local.credentials : ["LoadCredential=${file}:/etc/tidegate-secrets/${file}", "Environment=${name}_FILE=%d/${file}"]]),
    [""],
  ))

  # Paths and what is in them.
  files = merge(
    {
      "/etc/tidegate/tidegate.yml"                     = var.configuration
      "/etc/systemd/system/tidegate.service"           = file("${local.systemd}/tidegate.service")
      "/etc/systemd/system/tidegate.socket"            = file("${local.systemd}/tidegate.socket")
      "/etc/sysctl.d/90-tidegate.conf"                 = file("${local.systemd}/90-tidegate.conf")
      "/etc/systemd/system/tidegate-lifecycle.service" = templatefile("${path.module}/templates/tidegate-lifecycle.service.tftpl", { group = var.group, region = var.region })
      "/usr/local/bin/tidegate-lifecycle"              = file("${path.module}/files/tidegate-lifecycle.sh")
      "/etc/default/tidegate"                          = join("", [for name, value in var.environment : "${name}=${jsonencode(value)}\n"])
    },
    length(var.secrets) == 0 ? {} : { "/etc/systemd/system/tidegate.service.d/secrets.conf" = local.drop_in },
  )

  script = templatefile("${path.module}/templates/user-data.sh.tftpl", {
    region       = var.region
    node_version = var.node_version
    package      = var.package
    files        = local.files
    secrets      = { for file, name in local.credentials : file => var.secrets[name] }
  })
}

output "script" {
  description = "The script that runs at the first start."
  value       = local.script

  precondition {
    condition     = length(base64gzip(local.script)) <= 21844
    error_message = "What is given to a machine may be 16 KiB; shorten the configuration."
  }
}
