"""What all charts share: hues, axes, drawing as SVG."""
