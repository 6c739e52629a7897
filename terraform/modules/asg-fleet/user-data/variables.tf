variable "group" {
  description = "Name of the Auto Scaling group."
  type        = string
}

variable "region" {
  description = "Region of AWS."
  type        = string
}

variable "node_version" {
  description = "Version of Node.js that is installed."
  type        = string
}

variable "package" {
  description = "What npm installs: a name with its version, or the URL of a tarball."
  type        = string
}

variable "configuration" {
  description = "The static configuration of Tidegate, as YAML."
  type        = string
}

variable "environment" {
  description = "Variables of Tidegate."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "ARNs in Secrets Manager, by the variable of Tidegate that takes the secret."
  type        = map(string)
  default     = {}
}
