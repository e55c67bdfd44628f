document.getElementById("open").submit();
