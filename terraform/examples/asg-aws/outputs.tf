output "dns_name" {
  description = "Name of the load balancer; point `*.prod.example.com` to it."
  value       = module.tidegate.dns_name
}
